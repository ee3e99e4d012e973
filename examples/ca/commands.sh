# The commands of docs/guides/ca.md, in order. A test runs them, on another port.
set -eu
# #region offline
heddle ca root --trust-domain cluster.local --key-type ec-p384 --out root.pem
heddle ca intermediate --root root.pem --trust-domain cluster.local --ttl 90d --out intermediate.pem
# #endregion
# A company's own root, to have one that can be imported.
echo 'correct horse battery' > passphrase.txt
heddle ca root --out company.pem
openssl pkcs12 -export -in company.pem -inkey company.pem -out company.p12 -passout file:passphrase.txt
# #region import
heddle ca import --p12 company.p12 --passphrase-file passphrase.txt --out company-root.pem
# #endregion
# #region start
heddle control --data ./heddle-data --ca intermediate.pem --port 15010 &
# #endregion
until [ -f heddle-data/control.json ]; do sleep 0.1; done
export HEDDLE_DATA=./heddle-data
# #region install
heddle ca intermediate --root root.pem --trust-domain cluster.local --ttl 90d --out next.pem
heddle ca install -f next.pem
# #endregion
# #region request
heddle ca request --out request.pem
heddle ca sign -f request.pem --root root.pem --out signed.pem
heddle ca install -f signed.pem
# #endregion
# #region rotate
heddle ca rotate root
heddle ca status
# #endregion
# #region policy
heddle ca policy -f issuance.yaml
# #endregion
# #region deny
heddle ca issued --id spiffe://cluster.local/ns/default/sa/reviews
heddle ca deny --id spiffe://cluster.local/ns/default/sa/reviews --because "key on a stolen disk"
heddle ca denied
heddle ca allow --id spiffe://cluster.local/ns/default/sa/reviews
# #endregion
