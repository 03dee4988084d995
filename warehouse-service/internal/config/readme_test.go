package config_test

import (
	"testing"

	"marketplace/shared/config/configtest"
	"marketplace/warehouse-service/internal/config"
)

func TestConfig_TheReadmeMarksWhatMayChangeWhileTheServiceRuns(t *testing.T) {
	configtest.Readme[config.Config](t, "../../README.md")
}
