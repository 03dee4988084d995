package compose

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scripts is a folder with passwords.sh and postgres.sh, as a checkout has them, and with programs that note how they are called.
type scripts struct {
	t   *testing.T
	dir string
}

func newScripts(t *testing.T) *scripts {
	t.Helper()
	s := &scripts{t, t.TempDir()}
	for _, name := range []string{"passwords.sh", "postgres.sh"} {
		s.write("infrastructure/docker/"+name, string(read(t, "infrastructure/docker/"+name)))
	}
	for _, name := range []string{"psql", "docker-compose"} {
		s.write("bin/"+name, "#!/bin/sh\necho \"$0 $*\" >>"+s.path("arguments")+"\ncat >>"+s.path("input")+"\n")
	}
	return s
}

func (s *scripts) path(name string) string { return filepath.Join(s.dir, name) }

func (s *scripts) write(name, text string) {
	s.t.Helper()
	require.NoError(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(text), 0o755)) //nolint:gosec // programs
}

func (s *scripts) run(script string, environment ...string) (output string, err error) {
	command := exec.CommandContext(s.t.Context(), "bash", s.path("infrastructure/docker/"+script)) //nolint:gosec // ours
	command.Env = append([]string{"PATH=" + s.path("bin") + ":" + os.Getenv("PATH")}, environment...)
	text, err := command.CombinedOutput()
	return string(text), err
}

// noted is what the programs were called with.
func (s *scripts) noted(what string) string {
	text, err := os.ReadFile(s.path(what))
	if err != nil {
		require.ErrorIs(s.t, err, os.ErrNotExist)
	}
	return string(text)
}

func TestPasswords_AnEnvThatLacksOneChangesNothing(t *testing.T) {
	t.Parallel()
	for env, message := range map[string]string{
		"ENVIRONMENT=production\n":                                            "no passwords of database roles",
		"SANDBOX_DATABASE_PASSWORD=\nPOSTGRES_PASSWORD=new\n":                 "no passwords of database roles",
		"SANDBOX_DATABASE_PASSWORD=new\n#POSTGRES_PASSWORD=old\n":             "no POSTGRES_PASSWORD",
		"SANDBOX_DATABASE_PASSWORD=new\nPOSTGRES_PASSWORD=\nLOG_LEVEL=info\n": "no POSTGRES_PASSWORD",
	} {
		s := newScripts(t)
		s.write(".env", env)
		output, err := s.run("passwords.sh")
		require.Error(t, err)
		require.Contains(t, output, message)
		require.Empty(t, s.noted("arguments"))
	}
}

func TestPasswords_NoCommandLineHasOne(t *testing.T) {
	t.Parallel()
	s := newScripts(t)
	s.write(".env", "SANDBOX_DATABASE_PASSWORD=secret-role\nPOSTGRES_PASSWORD=secret-super\n")
	output, err := s.run("passwords.sh")
	require.NoError(t, err, output)
	require.NotContains(t, s.noted("arguments"), "secret")
	require.Equal(t, "SANDBOX_DATABASE_PASSWORD=secret-role\nALTER ROLE postgres PASSWORD 'secret-super';\n", s.noted("input"))

	environment := []string{"POSTGRES_PASSWORD=secret-super"}
	for _, name := range []string{"USER_SERVICE", "PRODUCT_SERVICE", "ORDER_SERVICE", "PAYMENT_SERVICE", "WAREHOUSE_SERVICE", "SANDBOX"} {
		environment = append(environment, name+"_DATABASE_PASSWORD=secret-role")
	}
	output, err = s.run("postgres.sh", environment...)
	require.NoError(t, err, output)
	require.Equal(t, 6, strings.Count(s.noted("arguments"), "name="))
	require.NotContains(t, s.noted("arguments"), "secret")
}
