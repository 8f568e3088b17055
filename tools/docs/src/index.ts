export { placeBlock } from './placed-block.ts'
