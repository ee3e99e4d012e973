# The commands of docs/guides/identity.md. A test runs them, on another port.
set -eu
heddle control --data ./heddle-data --port 15010 &
heddle control --data ./partner-data --trust-domain partner.example --port 0 &
until [ -f heddle-data/control.json ] && [ -f partner-data/control.json ]; do sleep 0.1; done
# The partner's operator hands over the bundle of its mesh.
export HEDDLE_DATA=./heddle-data
NODE_TLS_REJECT_UNAUTHORIZED=0 node --no-warnings --input-type=module -e '
  import { readFileSync } from "node:fs";
  const { url } = JSON.parse(readFileSync("partner-data/control.json", "utf8"));
  console.log(await (await fetch(`${url}/v1/spiffe-bundle`)).text());
' > partner.json
# #region federate
heddle federation add partner.example --url https://heddle.partner.example:15010/v1/spiffe-bundle \
  --spiffe-id spiffe://partner.example/ns/heddle-system/sa/control --bundle partner.json
heddle federation list
# #endregion
heddle federation remove partner.example
