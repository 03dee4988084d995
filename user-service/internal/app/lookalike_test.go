package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func (u *users) tryRegister(email string) reply {
	u.t.Helper()
	return u.send("POST", "/api/v1/auth/register", "", m{"email": email, "password": goodPassword, "name": "Ann"})
}

// Whole-script look-alikes, which no rule of scripts finds, other spellings of hosts, and ASCII alone.
func TestRegister_AnAddressThatLooksLikeOneOfTheStaffIsRefusedAsOtherLookAlikes(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin := u.admin()
	pay := u.register("paypa1@marketplace.local")
	require.Equal(t, http.StatusOK, u.grant(admin, pay.id, "support").status)
	other := u.tryRegister("p\u0430ypal@marketplace.local") // mixed scripts: refused whoever else there is
	require.Equal(t, http.StatusUnprocessableEntity, other.status)
	for _, email := range []string{
		"\u0440\u0430\u0443\u0440\u04301@marketplace.local", "paypal@marketplace.local", "PAYPAL@Marketplace.local",
		"paypal@\uff4darketplace.local", "adm1n@marketplace.local", "admin@rnarketplace.local", "admin@marketp1ace.local",
	} {
		r := u.tryRegister(email)
		if email == "adm1n@marketplace.local" { // an l, and no i
			require.Equal(t, http.StatusCreated, r.status)
			continue
		}
		require.Equal(t, other.status, r.status, "%q %s", email, r.body)
		require.Equal(t, other.code(t), r.code(t))
		require.Equal(t, other.json(t)["detail"], r.json(t)["detail"])
	}
	require.Equal(t, "email_taken", u.tryRegister("paypa1@marketplace.local").code(t))
	require.Equal(t, http.StatusCreated, u.tryRegister("paypal@example.com").status)
}

func TestGrant_NobodyJoinsTheStaffWhomAnotherAccountLooksLike(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin := u.admin()
	ann, impostor := u.register("mark@example.com"), u.register("rnark@example.com")
	r := u.grant(admin, ann.id, "support")
	require.Equal(t, http.StatusConflict, r.status)
	require.Equal(t, "looks_like_staff", r.code(t))
	require.Equal(t, http.StatusOK, u.send("POST", "/api/v1/users/"+impostor.id+"/block", admin.access, nil).status)
	require.Equal(t, http.StatusOK, u.grant(admin, ann.id, "support").status)
	r = u.send("POST", "/api/v1/users/"+impostor.id+"/unblock", admin.access, nil)
	require.Equal(t, http.StatusConflict, r.status)
	require.Equal(t, "looks_like_staff", r.code(t))
}

func TestUsers_AreShownWithTheScriptsOfTheirAddresses(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.register("\u0440\u0430\u0443@example.com")
	u.register("ann@\u0430\u0440\u0440\u04cf\u0435.example")
	shown := map[string]any{}
	for _, item := range u.send("GET", "/api/v1/users", u.admin().access, nil).json(t)["items"].([]any) {
		shown[item.(m)["email"].(string)] = item.(m)["email_scripts"]
	}
	require.Equal(t, map[string]any{
		adminEmail: nil, "\u0440\u0430\u0443@example.com": []any{"Cyrillic", "Latin"}, "ann@xn--80ak6aa92e.example": []any{"Cyrillic", "Latin"},
	}, shown)
}
