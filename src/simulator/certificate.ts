import { generate } from "selfsigned";

/** A self-signed certificate and its private key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Creates one (EC P-256) for `localhost`, `envoy.local` and the given loopback address; it is its own CA. */
export async function createCertificate(commonName: string, address = "127.0.0.1"): Promise<Certificate> {
  const made = await generate([{ name: "commonName", value: commonName }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 2, value: "envoy.local" },
          { type: 7, ip: address },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
