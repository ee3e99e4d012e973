# The commands of docs/guides/ca.md, in order.
# #region offline
heddle ca root --trust-domain cluster.local --key-type ec-p384 --out root.pem
heddle ca intermediate --root root.pem --trust-domain cluster.local --ttl 90d --out intermediate.pem
# #endregion
# #region import
heddle ca import --p12 company.p12 --passphrase-file passphrase.txt --out root.pem
# #endregion
# #region start
heddle control --data ./heddle-data --ca intermediate.pem
# #endregion
# #region install
heddle ca intermediate --root root.pem --trust-domain cluster.local --ttl 90d --out next.pem
heddle ca install -f next.pem
# #endregion
# #region rotate
heddle ca rotate root
heddle ca status
# #endregion
# #region deny
heddle ca issued --id spiffe://cluster.local/ns/default/sa/reviews
heddle ca deny --id spiffe://cluster.local/ns/default/sa/reviews --because "key on a stolen disk"
heddle ca allow --id spiffe://cluster.local/ns/default/sa/reviews
# #endregion
# #region policy
heddle ca policy -f issuance.yaml
# #endregion
