package sandbox_test

import (
	"testing"

	"marketplace/payment-service/internal/sandbox"
	"marketplace/shared/config/configtest"
)

func TestConfig_TheReadmeNamesEverySetting(t *testing.T) {
	configtest.Readme[sandbox.Config](t, "README.md")
}
