//go:build compose

// Package compose starts docker-compose.yml as an operator does, on volumes of its own, and tries it: journeys, traces, metrics,
// each service's credentials against everything that they must not do, and faults while orders come in. `make compose-test`.
package compose

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// project keeps the test's containers and volumes apart from an operator's.
var project = cmp.Or(os.Getenv("COMPOSE_PROJECT_NAME"), "marketplace-test")

// services are the containers that a request may pass through, by their name in docker-compose.yml.
var services = []string{
	"user-service", "product-service", "order-service", "payment-service", "warehouse-service", "sandbox", "gateway",
}

// servers are what the services need.
var servers = []string{"postgres", "redis", "rabbitmq", "consul"}

// stack is a running docker-compose.
type stack struct {
	command []string // docker-compose, or docker compose
	root    string
	project string
	env     []string // more than this process has
}

func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{command: strings.Fields(os.Getenv("COMPOSE")), root: root(t), project: project}
	for name, value := range limits() {
		s.env = append(s.env, name+"="+value)
	}
	if len(s.command) == 0 {
		s.command = []string{"docker-compose"}
	}
	return s
}

// limits are settings that lift the limits on customers, because all orders of the test come from one account at one address: many of them
// are open while a killed container starts again, and a third of the cards are declined.
func limits() map[string]string {
	const none = "1000000"
	return map[string]string{
		"OPEN_ORDERS_PER_CUSTOMER": none, "OPEN_UNITS_PER_CUSTOMER": none, "DECLINES_PER_CUSTOMER": none, "DECLINES_PER_ADDRESS": none,
	}
}

// compose runs a compose command and returns what it printed.
func (s *stack) compose(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.try(t, nil, args...)
	require.NoError(t, err, "%s %s: %s", s.command, args, out)
	return out
}

// removed stops and removes all containers and volumes. Docker sometimes keeps the endpoint of a container that it has removed, and then
// refuses to remove the network. Such a network stays, and the next start uses it again.
func (s *stack) removed(t *testing.T) {
	t.Helper()
	out, err := s.try(t, nil, "down", "-v", "--remove-orphans")
	if err == nil {
		return
	}
	require.Contains(t, out, "has active endpoints")
	of := "label=com.docker.compose.project=" + s.project
	require.Empty(t, docker(t, "ps", "-aq", "--filter", of), out)
	if volumes := strings.Fields(docker(t, "volume", "ls", "-q", "--filter", of)); len(volumes) > 0 {
		docker(t, append([]string{"volume", "rm"}, volumes...)...)
	}
}

// try is compose for a command that may fail, with more in its environment.
func (s *stack) try(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	line := append(append(s.command[1:len(s.command):len(s.command)], "-p", s.project), args...)
	command := exec.CommandContext(ctx, s.command[0], line...)
	command.Dir, command.Env = s.root, slices.Concat(os.Environ(), s.env, env)
	out, err := command.CombinedOutput()
	return string(out), err
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(context.Background(), "docker", args...).CombinedOutput()
	require.NoError(t, err, "docker %s: %s", args, out)
	return strings.TrimSpace(string(out))
}

// containers are the ids of a service's containers.
func (s *stack) containers(t *testing.T, service string) []string {
	t.Helper()
	return strings.Fields(docker(t, "ps", "-aq", "--no-trunc",
		"--filter", "label=com.docker.compose.project="+project, "--filter", "label=com.docker.compose.service="+service))
}

// container is what docker inspect says, as far as it is read here.
type container struct {
	Name  string
	Image string
	State struct {
		Status   string
		ExitCode int
		Health   *struct{ Status string }
	}
	Config     struct{ User string }
	HostConfig struct {
		ReadonlyRootfs bool
		Privileged     bool
		CapDrop        []string
		CapAdd         []string
		SecurityOpt    []string
		Memory         int64
		PidsLimit      *int64
		RestartPolicy  struct{ Name string }
	}
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
	}
}

func inspect(t *testing.T, id string) container {
	t.Helper()
	var list []container
	require.NoError(t, json.Unmarshal([]byte(docker(t, "inspect", id)), &list))
	return list[0]
}

// healthy waits until all containers of the services are.
func (s *stack) healthy(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		ids := s.containers(t, name)
		require.NotEmpty(t, ids, name)
		for _, id := range ids {
			require.Eventually(t, func() bool {
				state := inspect(t, id).State
				return state.Health != nil && state.Health.Status == "healthy"
			}, 4*time.Minute, time.Second, "%s is not healthy", name)
		}
	}
}

// address is a container's in one of the networks; containers are reachable from the machine that they run on.
func (s *stack) address(t *testing.T, service, network string) string {
	t.Helper()
	address := inspect(t, s.containers(t, service)[0]).NetworkSettings.Networks[project+"_"+network].IPAddress
	require.NotEmpty(t, address, "%s in %s", service, network)
	return address
}
