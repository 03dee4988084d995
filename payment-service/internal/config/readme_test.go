package config_test

import (
	"testing"

	"marketplace/payment-service/internal/config"
	"marketplace/shared/config/configtest"
)

func TestConfig_TheReadmeMarksWhatMayChangeWhileTheServiceRuns(t *testing.T) {
	configtest.Readme[config.Config](t, "../../README.md")
}
