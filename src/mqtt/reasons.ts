/** Reason codes of MQTT 3.1.1 (1-5, CONNACK only) and MQTT 5, with what a person can do about them. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [1, "it does not speak this version of MQTT"],
  [2, "it refused the client id: set mqtt.client_id"],
  [3, "it is not ready yet"],
  [4, "it refused the user name or password: check mqtt.username and mqtt.password"],
  [5, "it does not let this user in: check mqtt.username, mqtt.password and the broker's access rules"],
  [128, "it gave no reason"],
  [129, "it found a packet malformed"],
  [130, "it saw a protocol error"],
  [131, "it did not accept this for a reason of its own"],
  [132, "it does not speak this version of MQTT"],
  [133, "it refused the client id: set mqtt.client_id"],
  [134, "it refused the user name or password: check mqtt.username and mqtt.password"],
  [135, "this user may not do that: check the broker's access rules"],
  [136, "it is not ready yet"],
  [137, "it is too busy"],
  [138, "it banned this client"],
  [139, "it is shutting down"],
  [140, "it wants another kind of login"],
  [141, "it heard nothing from us in time"],
  [142, "another program connected with the same client id: does a second bridge run? Set mqtt.client_id on one of them"],
  [143, "it refused the topic filter"],
  [144, "it refused the topic name"],
  [147, "too many messages were in flight for it"],
  [149, "the packet is larger than it allows: raise its limit (Mosquitto: max_packet_size)"],
  [150, "too many messages a second for it"],
  [151, "its quota is exceeded"],
  [152, "an administrator ended the connection"],
  [153, "it refused the payload's format"],
  [154, "it keeps no retained messages, and Home Assistant needs them: allow retained messages"],
  [155, "it does not support QoS 1"],
  [156, "it wants us to use another server"],
  [157, "it has moved to another server"],
  [159, "we connected too often for it"],
  [160, "it ended the connection after its time limit"],
]);

/** A reason code in plain words, with the code; what follows "the broker …: ". */
export function reasonText(code: number): string {
  return `${REASONS.get(code) ?? "it did not say why in words that we know"} (code ${code})`;
}

/** The same for a refused connection: 135 is then about the login, not about a topic. */
export function connectReasonText(code: number): string {
  return code === 135 ? `${REASONS.get(5)} (code ${code})` : reasonText(code);
}

/** Codes of a broker that does not speak the version it was asked for. */
export const PROTOCOL_REFUSALS: ReadonlySet<number> = new Set([1, 132]);
export const TOO_LARGE = 149;
export const TAKEN_OVER = 142;

const SYSTEM: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing listens there: is the broker running, and is the port right?"],
  ["ENOTFOUND", "there is no such host: check the name in mqtt.url"],
  ["EAI_AGAIN", "its name cannot be looked up now: is the network up?"],
  ["ENETUNREACH", "there is no route to it: is the network up?"],
  ["EHOSTUNREACH", "there is no route to it: is it switched on, and is the address right?"],
  ["ETIMEDOUT", "it does not answer: is the address right?"],
  ["ECONNRESET", "it closed the connection at once: is the port right, and does it expect TLS (mqtts://)?"],
  ["EPROTO", "it does not speak TLS there: use mqtt://, or its TLS port"],
  ["CERT_HAS_EXPIRED", "its certificate has expired: renew it on the broker"],
  ["CERT_NOT_YET_VALID", "its certificate is not valid yet: check the clocks"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is self-signed: name it in mqtt.tls.ca"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate comes from an authority that is not known here: name it in mqtt.tls.ca"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its certificate comes from an authority that is not known here: name it in mqtt.tls.ca"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "its certificate comes from an authority that is not known here: name it in mqtt.tls.ca"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another name: use that name in mqtt.url"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "it asks for a client certificate: set mqtt.tls.cert and mqtt.tls.key"],
  [
    "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    "it refused the TLS handshake: does it ask for a client certificate (mqtt.tls.cert, mqtt.tls.key)?",
  ],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "it does not trust our client certificate: check mqtt.tls.cert against the broker's CA"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "it does not speak TLS there: use mqtt://, or its TLS port"],
]);

/** An error of the system, a socket or TLS in plain words. */
export function systemText(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const known = typeof code === "string" ? SYSTEM.get(code) : undefined;
  if (known !== undefined) return `${known} (${String(code)})`;
  return (
    String(message ?? error)
      .split("\n")[0]!
      .slice(0, 200) || String(code)
  );
}
