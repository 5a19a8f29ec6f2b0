package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMirrorSeesBoundsAndNothingOfTheHost reads what the kernel says of a
// plugin's process.
func TestMirrorSeesBoundsAndNothingOfTheHost(t *testing.T) {
	t.Setenv("DATABASE_PASSWORD", "hunter2")
	f := started(t, beast("mirror"))
	read := func(file string) string {
		text, err := f.Detectors()[0].Explain(t.Context(), file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return text
	}
	if env := read("environ"); strings.Contains(env, "hunter2") || strings.Contains(env, "HOME=") {
		t.Errorf("the environment leaks: %q", env)
	}
	status := strings.Join(strings.Fields(read("status")), " ")
	for _, want := range []string{"NoNewPrivs: 1", "CapEff: 0000000000000000"} {
		if os.Geteuid() == 0 && !strings.Contains(status, want) {
			t.Errorf("status lacks %q: %s", want, status)
		}
	}
	if os.Geteuid() == 0 && strings.Contains(status, "Uid: 0") {
		t.Error("a plugin of root runs as root")
	}
	limits := strings.Join(strings.Fields(read("limits")), " ")
	for _, want := range []string{"Max core file size 0 0", "Max open files 256 256", "Max data size " + dataLimit()} {
		if !strings.Contains(limits, want) {
			t.Errorf("limits lack %q: %s", want, limits)
		}
	}
	if args := read("cmdline"); args != "mirror\x00" {
		t.Errorf("got arguments %q, want the plugin's name", args)
	}
}

// dataLimit is the limit on data as /proc shows it: soft and hard.
func dataLimit() string {
	const besideMemory = 160 << 20
	return fmt.Sprintf("%d %[1]d", beastMemory+besideMemory)
}

func TestPluginCannotReadFilesOfOthers(t *testing.T) {
	const askVersion = 1 // LANDLOCK_CREATE_RULESET_VERSION
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, askVersion); errno != 0 {
		t.Skipf("this kernel has no Landlock: %v", errno)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hunter2"), 0o666); err != nil {
		t.Fatal(err)
	}
	f := started(t, beast("mirror"))
	text, err := f.Detectors()[0].Explain(t.Context(), "root"+secret)
	if err == nil {
		t.Errorf("read %q of a file that is none of a plugin's business", text)
	}
}
