package webhook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

func TestSign_StripesLibraryAccepts(t *testing.T) {
	body := []byte(`{"id":"evt_1","object":"event","api_version":"` + stripe.APIVersion + `"}`)
	event, err := stripe.ConstructEvent(body, Sign("whsec_a", time.Now(), body), "whsec_a")
	require.NoError(t, err)
	require.Equal(t, "evt_1", event.ID)
	_, err = stripe.ConstructEvent(body, Sign("whsec_b", time.Now(), body), "whsec_a")
	require.Error(t, err)
	_, err = stripe.ConstructEvent(body, Sign("whsec_a", time.Now().Add(-time.Hour), body), "whsec_a")
	require.Error(t, err)
}
