# The commands of docs/guides/test-your-policy.md, in order. A test runs them.
set -eu
# #region test
heddle test policy
# #endregion
# #region canary
sed 's/weight: 80/weight: 50/; s/weight: 20/weight: 50/' policy/reviews.yaml > half.yaml
heddle test half.yaml policy/services.yaml policy/access.yaml policy/reviews.test.yaml --filter "one in five" || echo "exit code $?"
# #endregion
# #region schema
heddle schema > heddle.schema.json
# #endregion
