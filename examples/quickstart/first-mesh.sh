# The commands of docs/guides/first-mesh.md, in order. A test runs them, on another port.
set -eu
# #region control
heddle control --data mesh --port 15010 &
# #endregion
until [ -f mesh/control.json ]; do sleep 0.1; done
# #region policy
export HEDDLE_DATA=mesh
heddle apply -f mesh-policy.yaml
heddle token create --service-account greeter > greeter.token
heddle token create --service-account caller > caller.token
# #endregion
# #region greeter
export HEDDLE_CONTROL=https://127.0.0.1:15010
HEDDLE_SERVICE=greeter HEDDLE_SERVICE_PORT=80 HEDDLE_TOKEN_FILE=greeter.token node dist/greeter.js &
# #endregion
until heddle status | grep -q ' 127.0.0.1:'; do sleep 0.1; done
# #region caller
HEDDLE_SERVICE=caller HEDDLE_TOKEN_FILE=caller.token node dist/caller.js
# #endregion
# #region status
heddle status
# #endregion
# #region stranger
heddle token create --service-account stranger > stranger.token
HEDDLE_SERVICE=stranger HEDDLE_TOKEN_FILE=stranger.token node dist/caller.js
# #endregion
# #region explain
echo '{"authority": "greeter"}' | heddle explain outbound -f policy.yaml
# #endregion
