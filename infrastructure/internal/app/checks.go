package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"marketplace/infrastructure/internal/upstream"
	"marketplace/shared/web"
)

// checks report which services answer. None is critical: the gateway is ready as long as it can say what is missing.
func checks(services http.RoundTripper, pools map[string]*upstream.Pool) []web.Check {
	var all []web.Check
	for _, service := range slices.Sorted(maps.Keys(pools)) {
		all = append(all, web.Check{Name: service, Probe: func(ctx context.Context) error {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+service+"/health/ready", http.NoBody)
			if err != nil {
				return err
			}
			reply, err := services.RoundTrip(r)
			if err != nil {
				return err
			}
			defer reply.Body.Close()
			_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, 64<<10)) // or the connection is not kept
			if reply.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: status %d", service, reply.StatusCode)
			}
			return nil
		}})
	}
	return all
}
