package unit_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/component/unit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// script starts a real systemd as a user's manager, without touching the machine: in control groups of its own, because a
// manager moves all processes of its group into a scope, and in a mount namespace of its own, where it sees no
// other controllers and finds the folder that it takes for the sign of a booted systemd.
const script = `set -e
for h in systemd unified; do mkdir "/sys/fs/cgroup/$h/$GROUP"; echo $$ >"/sys/fs/cgroup/$h/$GROUP/cgroup.procs"; done
exec unshare -m sh -ec '
for m in /sys/fs/cgroup/*; do case $m in */systemd|*/unified) ;; *) umount "$m" 2>/dev/null || [ -L "$m" ] || exit 1;; esac; done
mkdir -p /run/systemd; mount -t tmpfs tmpfs /run/systemd; mkdir /run/systemd/system
exec "$SYSTEMD" --user --log-target=console'
`

// manager starts systemd and a bus for it, with the unit files given, and ends them with the test. It skips the test
// where that cannot be had.
func manager(t *testing.T, units map[string]string) {
	t.Helper()
	systemd := "/lib/systemd/systemd"
	for _, need := range []string{systemd, "/sys/fs/cgroup/systemd/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs"} {
		if _, err := os.Stat(need); err != nil || os.Geteuid() != 0 {
			t.Skipf("a systemd of its own needs root, %s and control groups v1 beside v2", systemd)
		}
	}
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		t.Skip("dbus-daemon is not installed")
	}
	dir := t.TempDir()
	for name, text := range units {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	address := "unix:path=" + filepath.Join(dir, "bus")
	background(t, nil, "dbus-daemon", "--session", "--address="+address, "--nofork", "--nopidfile")
	waitFor(t, "the bus", func() bool { _, err := os.Stat(filepath.Join(dir, "bus")); return err == nil })
	group := fmt.Sprintf("homeostat-test-%d", os.Getpid())
	t.Cleanup(func() { removeGroups(t, group) })
	background(t, []string{
		"GROUP=" + group, "SYSTEMD=" + systemd, "XDG_RUNTIME_DIR=" + dir, "HOME=" + dir, "PATH=" + os.Getenv("PATH"),
		"SYSTEMD_UNIT_PATH=" + dir + ":", "DBUS_SESSION_BUS_ADDRESS=" + address,
	}, "/bin/sh", "-c", script)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
	unit.SetBooted(dir)
	t.Cleanup(func() { unit.SetBooted("/run/systemd/system") })
	waitFor(t, "systemd", func() bool {
		_, err := unit.Main(t.Context(), "victim.service")
		return err == nil || strings.Contains(err.Error(), unit.ErrNoMain.Error())
	})
}

// background runs a program to the end of the test.
func background(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // systemd ends its units first
		_ = cmd.Wait()
		log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s said:\n%s", name, text)
		}
	})
}

func removeGroups(t *testing.T, group string) {
	for _, hierarchy := range []string{"systemd", "unified"} {
		root := filepath.Join("/sys/fs/cgroup", hierarchy, group)
		waitFor(t, "the end of "+root, func() bool {
			var folders []string
			_ = filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
				if err == nil && e.IsDir() {
					folders = append(folders, path)
				}
				return nil
			})
			for i := len(folders) - 1; i >= 0; i-- {
				_ = syscall.Rmdir(folders[i]) // the innermost first; tried again until all are gone
			}
			_, err := os.Stat(root)
			return os.IsNotExist(err)
		})
	}
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come within %v", what, patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
