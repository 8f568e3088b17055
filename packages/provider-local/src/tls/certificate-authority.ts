import { isIP } from 'node:net'
import { generate } from 'selfsigned'

/** A certificate with its private key, both as PEM. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** An authority that nobody trusts but who is handed its certificate. */
export interface CertificateAuthority {
  /** What a client verifies certificates against, as PEM. */
  readonly certificate: string
  /** A certificate for a server under these host names and addresses. */
  issue(hosts: readonly string[]): Promise<Certificate>
}

const COMMON = { keyType: 'ec', algorithm: 'sha256' } as const
const VALID_DAYS = 30

/** Makes an authority whose key is in memory only and goes with the process. Its certificates hold for thirty days. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'provider-local authority' }], {
    ...{ ...COMMON, ...validity() },
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return {
    certificate: cert,
    async issue(hosts) {
      const issued = await generate([{ name: 'commonName', value: 'provider-local server' }], {
        ...{ ...COMMON, ...validity(), ca: { cert, key } },
        extensions: [
          { name: 'basicConstraints', cA: false, critical: true },
          { name: 'keyUsage', digitalSignature: true, critical: true },
          { name: 'extKeyUsage', serverAuth: true },
          {
            name: 'subjectAltName',
            altNames: hosts.map((host) =>
              isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host },
            ),
          },
        ],
      })
      return { certificate: issued.cert, key: issued.private }
    },
  }
}

// From an hour ago: the clock of a container may be behind.
function validity() {
  const now = Date.now()
  return {
    notBeforeDate: new Date(now - 3_600_000),
    notAfterDate: new Date(now + VALID_DAYS * 86_400_000),
  }
}
