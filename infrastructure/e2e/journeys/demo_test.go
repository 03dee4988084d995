package journeys

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/cluster"
)

// A marketplace is filled once, however often the demo runs, and what it holds can be browsed.
func TestDemo_FillsTheMarketplaceOnce(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{})
	program := filepath.Join(t.TempDir(), "demo")
	out, err := exec.Command("go", "build", "-o", program, "marketplace/infrastructure/local/demo").CombinedOutput()
	require.NoError(t, err, "%s", out)
	load := func() (said string) {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "GATEWAY_URL="+c.Gateway, "ADMIN_EMAIL="+cluster.AdminEmail, "ADMIN_PASSWORD="+cluster.AdminPassword)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	load()
	products := browse(t, c)
	require.GreaterOrEqual(t, len(products), 200)
	before := contents(t, c)
	require.Equal(t, 2, before["warehouses with stock"])

	require.Regexp(t, `^ +the catalogue is loaded: \d+ products in 12 categories\n$`, load(), "after a few requests it has nothing to do")
	require.Equal(t, before, contents(t, c))
	require.Equal(t, products, browse(t, c))
}

// browse reads the whole catalogue page by page and returns the products' ids in order; none comes twice.
func browse(t *testing.T, c *cluster.Cluster) []string {
	t.Helper()
	var ids []string
	seen := map[string]bool{}
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		c.Anyone().Get(t, "/api/v1/products?limit=50&cursor="+cursor, &page)
		require.LessOrEqual(t, len(page.Items), 50)
		for _, item := range page.Items {
			require.False(t, seen[item.ID], "%s is on two pages", item.ID)
			seen[item.ID] = true
			ids = append(ids, item.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			return ids
		}
	}
}

// contents counts what a second run might add to.
func contents(t *testing.T, c *cluster.Cluster) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for name, query := range map[string]string{
		"users":                 "SELECT count(*) FROM user_service.users",
		"categories":            "SELECT count(*) FROM product_service.categories",
		"products":              "SELECT count(*) FROM product_service.products",
		"warehouses":            "SELECT count(*) FROM warehouse_service.warehouses",
		"warehouses with stock": "SELECT count(DISTINCT warehouse_id) FROM warehouse_service.stock WHERE on_hand > 0",
		"supplies":              "SELECT count(*) FROM warehouse_service.supplies",
		"movements":             "SELECT count(*) FROM warehouse_service.movements",
		"units":                 "SELECT sum(on_hand) FROM warehouse_service.stock",
	} {
		var count int
		require.NoError(t, c.DB.QueryRow(t.Context(), query).Scan(&count), name)
		counts[name] = count
	}
	return counts
}
