package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/money"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var accepted = must(money.Accept("USD", "EUR", "JPY", "ISK", "KWD", "MGA"))

func must(a money.Accepted, err error) money.Accepted {
	if err != nil {
		panic(err)
	}
	return a
}

func lamp() domain.Product {
	return domain.Product{
		ID: "p1", SellerID: "s1", SKU: "LAMP-1", Name: "Desk lamp", Status: domain.Active,
		Price: money.Money{Amount: 1299, Currency: "USD"},
	}
}

func TestNew_RefusesWhatNoProductCanBe(t *testing.T) {
	p, err := domain.New(lamp(), accepted, now)
	require.NoError(t, err)
	require.Equal(t, 1, p.Version)
	require.NotNil(t, p.Attributes)

	long := strings.Repeat("я", domain.MaxName)
	for field, edits := range map[string][]func(*domain.Product){
		"sku": {
			func(p *domain.Product) { p.SKU = "" },
			func(p *domain.Product) { p.SKU = "a b" },
			func(p *domain.Product) { p.SKU = strings.Repeat("a", 65) },
		},
		"name": {
			func(p *domain.Product) { p.Name = "  \t" },
			func(p *domain.Product) { p.Name = long + "я" },
			func(p *domain.Product) { p.Name = "a\x00b" },
		},
		"description":    {func(p *domain.Product) { p.Description = strings.Repeat("a", domain.MaxDescription+1) }},
		"price.amount":   {func(p *domain.Product) { p.Price.Amount = 0 }, func(p *domain.Product) { p.Price.Amount = -1 }},
		"price.currency": {func(p *domain.Product) { p.Price.Currency = "XYZ" }, func(p *domain.Product) { p.Price.Currency = "usd" }, func(p *domain.Product) { p.Price.Currency = "" }},
		"status":         {func(p *domain.Product) { p.Status = domain.Archived }, func(p *domain.Product) { p.Status = "" }},
		"attributes":     {func(p *domain.Product) { p.Attributes = map[string]string{" ": "x"} }, func(p *domain.Product) { p.Attributes = map[string]string{"a": strings.Repeat("x", 501)} }},
	} {
		for _, edit := range edits {
			p := lamp()
			edit(&p)
			_, err := domain.New(p, accepted, now)
			var wrong domain.Invalid
			require.ErrorAs(t, err, &wrong, field)
			require.Equal(t, field, wrong.Field)
		}
	}
	p = lamp()
	p.Name = long
	_, err = domain.New(p, accepted, now)
	require.NoError(t, err, "lengths are in characters, not bytes")
}

func TestChange_FollowsTheDiagram(t *testing.T) {
	draft, active, archived := lamp(), lamp(), lamp()
	draft.Status, archived.Status = domain.Draft, domain.Archived
	to := func(s domain.Status) domain.Change { return domain.Change{Status: &s} }

	p, err := draft.Change(to(domain.Active), accepted, now)
	require.NoError(t, err)
	require.Equal(t, domain.Active, p.Status)
	_, err = active.Change(to(domain.Draft), accepted, now)
	require.ErrorIs(t, err, domain.ErrTransition)
	_, err = archived.Change(to(domain.Active), accepted, now)
	require.ErrorIs(t, err, domain.ErrArchived)
	_, err = active.Change(to(domain.Archived), accepted, now)
	require.Error(t, err)
	require.Equal(t, domain.Archived, draft.Archive(now).Status)
	require.Equal(t, archived, archived.Archive(now), "twice is once")
}

func TestVisibility_ADraftIsItsSellersAlone(t *testing.T) {
	draft := lamp()
	draft.Status = domain.Draft
	require.True(t, draft.VisibleTo("s1", false))
	require.True(t, draft.VisibleTo("x", true))
	require.False(t, draft.VisibleTo("x", false))
	require.False(t, draft.VisibleTo("", false))
	require.True(t, lamp().VisibleTo("", false))
	require.True(t, lamp().Archive(now).VisibleTo("", false))
	nobody := draft
	nobody.SellerID = ""
	require.False(t, nobody.EditableBy("", false), "no seller is not everybody's")
}

// Whatever is done to a product: it stays valid, its version grows by one with each difference and never else, and an
// archived one never changes.
func TestProduct_RandomCommandsKeepTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := domain.New(lamp(), accepted, now)
		require.NoError(t, err)
		for range rapid.IntRange(1, 20).Draw(t, "commands") {
			before := p
			if rapid.IntRange(0, 9).Draw(t, "archive") == 0 {
				p = p.Archive(now)
			} else if next, err := p.Change(change(t), accepted, now); err == nil {
				p = next
			}
			same := before
			same.Version, same.UpdatedAt = p.Version, p.UpdatedAt
			if differs := !equal(same, p); differs {
				require.Equal(t, before.Version+1, p.Version)
				require.NotEqual(t, domain.Archived, before.Status)
			} else {
				require.Equal(t, before.Version, p.Version)
			}
			require.Equal(t, "s1", p.SellerID)
			require.Positive(t, p.Price.Amount)
			require.NoError(t, p.Price.Validate())
			require.NotEmpty(t, strings.TrimSpace(p.Name))
		}
	})
}

func change(t *rapid.T) (c domain.Change) {
	if rapid.Bool().Draw(t, "name") {
		name := rapid.SampledFrom([]string{"Desk lamp", "Lamp", "", " "}).Draw(t, "new name")
		c.Name = &name
	}
	if rapid.Bool().Draw(t, "price") {
		price := money.Money{
			Amount:   rapid.Int64Range(-1, 3).Draw(t, "amount"),
			Currency: rapid.SampledFrom([]string{"USD", "EUR", "???"}).Draw(t, "currency"),
		}
		c.Price = &price
	}
	if rapid.Bool().Draw(t, "status") {
		status := rapid.SampledFrom([]domain.Status{domain.Draft, domain.Active, domain.Archived}).Draw(t, "new status")
		c.Status = &status
	}
	return c
}

func equal(p, q domain.Product) bool {
	return p.Name == q.Name && p.Price == q.Price && p.Status == q.Status
}

func TestCategory_Rename(t *testing.T) {
	c, err := domain.NewCategory("c1", "Lamps")
	require.NoError(t, err)
	same, err := c.Rename("Lamps")
	require.NoError(t, err)
	require.Equal(t, 1, same.Version)
	other, err := c.Rename("Lights")
	require.NoError(t, err)
	require.Equal(t, domain.Category{ID: "c1", Name: "Lights", Version: 2}, other)
	_, err = c.Rename("  ")
	require.Error(t, err)
}
