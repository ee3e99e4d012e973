# The commands of docs/guides/access.md, in order. A test runs them.
set -eu
# #region test
heddle test policy
# #endregion
# #region explain
echo '{
  "workload": { "namespace": "shop", "labels": { "app": "orders" } },
  "port": 8080, "peer": { "principal": "cluster.local/ns/shop/sa/checkout", "ip": "10.0.0.7" },
  "method": "POST", "authority": "orders:8080", "path": "/orders/7/refund"
}' | heddle explain inbound -f policy/orders.yaml
# #endregion
