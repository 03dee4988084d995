package config_test

import (
	"testing"

	"marketplace/infrastructure/internal/config"
	"marketplace/shared/config/configtest"
)

func TestConfig_TheReadmeMarksWhatMayChangeWhileTheGatewayRuns(t *testing.T) {
	configtest.Readme[config.Config](t, "../../README.md")
}
