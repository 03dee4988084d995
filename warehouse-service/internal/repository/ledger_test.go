package repository_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/warehouse-service/internal/domain"
)

func TestMovements_AreNeverChangedNorWrittenTwice(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, order := s.stock(5), newID()
	s.update(message(order, wants(product, 2)), message(order, domain.OrderConfirmed{}), message(order, domain.Dispatch{Shipment: 1}))
	for damage, refusal := range map[string]string{
		"update movements set quantity = -1": "the ledger only grows",
		"delete from movements":              "the ledger only grows",
		"truncate movements":                 "the ledger only grows",
		`insert into movements (product_id, warehouse_id, quantity, kind, ref)
			select product_id, warehouse_id, quantity, kind, ref from movements`: "movements_sold_once",
		`insert into movements (product_id, warehouse_id, quantity, kind, ref)
			select product_id, warehouse_id, -quantity, kind, 'another' from movements`: "movements_direction",
	} {
		_, err := s.pool.Exec(t.Context(), damage)
		require.ErrorContains(t, err, refusal, damage)
	}
	require.Equal(t, 1, s.count(`select count(*) from movements where quantity = -2`))
}
