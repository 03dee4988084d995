package faults

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/cluster"
	"marketplace/shared/failpoint"
)

// Any process of the saga is killed at any moment while shoppers order; every order ends well, and no unit is sold twice.
func TestKill_P1_P30_P31_AnyProcessAnyMoment(t *testing.T) {
	t.Parallel()
	m := open(t, cluster.Options{})
	stop := m.shop(t, 8)
	victims := []string{"order-service", "warehouse-service", "payment-service", "sandbox", "product-service", "gateway"}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range rounds(t) {
		for _, i := range random.Perm(len(victims)) {
			victim := m.Process(victims[i])
			<-time.After(time.Duration(random.IntN(400)) * time.Millisecond)
			victim.Kill(t)
			victim.Start(t)
			victim.WaitReady(t)
		}
	}
	stop()
	m.settle(t)
	require.LessOrEqual(t, m.sold(t), m.units)
}

// At every failpoint there is, the process that reaches it dies there; after a restart nothing is lost or done twice.
func TestKill_P1_P10_P18_AtEveryFailpoint(t *testing.T) {
	t.Parallel()
	m := open(t, cluster.Options{Failpoints: true})
	for _, point := range failpoint.Names() {
		if point == poisoned {
			continue
		}
		for _, name := range owners(point) {
			t.Run(point+" in "+name, func(t *testing.T) { m.dieAt(t, name, point) })
		}
	}
	m.settle(t)
}

// poisoned is reached only by a message that fails alone; shared/inbox kills a consumer there.
const poisoned = "inbox.after_attempt"

// owners are the services in which a failpoint can be reached: its prefix's, or all that have an outbox and an inbox.
func owners(point string) []string {
	prefix, _, _ := strings.Cut(point, ".")
	switch prefix {
	case "order", "warehouse", "payment":
		return []string{prefix + "-service"}
	}
	return []string{"order-service", "warehouse-service", "payment-service"}
}

func (m *market) dieAt(t *testing.T, name, point string) {
	process := m.Process(name)
	process.Stop(t)
	process.Start(t, "FAILPOINT="+point)
	defer m.shop(t, 2)()
	process.WaitExit(t, 30*time.Second)
	process.Start(t)
	process.WaitReady(t)
}
