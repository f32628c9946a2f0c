/** What every process on a machine may need: to find programs and its home, and to get out through a proxy. */
const NAMES = [
  ...["PATH", "HOME", "USER", "TMPDIR", "LANG", "LC_ALL", "TZ"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ...["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"],
];

/** The part of an environment that is about the machine and not about Peerbot. */
export function systemVariables(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
