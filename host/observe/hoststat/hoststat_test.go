package hoststat

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree writes files below a temporary folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// The same container under both versions: 1 GiB of memory, 600 MiB used of
// which 100 MiB are cache, one and a half processors.
var (
	version2 = map[string]string{
		"cgroup.controllers": "cpu memory\n", "memory.max": "1073741824\n", "memory.current": "629145600\n",
		"memory.stat": "anon 1\ninactive_file 104857600\nactive_file 2\n", "cpu.max": "150000 100000\n",
		"cpu.stat":        "usage_usec 5000000\nuser_usec 1\n",
		"memory.pressure": "some avg10=12.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=3.00 avg60=0.00 avg300=0.00 total=1\n",
	}
	version1 = map[string]string{
		"memory/memory.limit_in_bytes": "1073741824\n", "memory/memory.usage_in_bytes": "629145600\n",
		"memory/memory.stat":   "cache 1\ntotal_inactive_file 104857600\n",
		"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n", "cpuacct/cpuacct.usage": "5000000000\n",
	}
)

func TestLimitsOfAContainerAreFoundInBothVersions(t *testing.T) {
	for name, files := range map[string]map[string]string{"version 2": version2, "version 1": version1} {
		g := FindGroup(tree(t, files))
		limit, used, ok := g.Memory()
		if !ok || limit != 1<<30 || used != 500<<20 {
			t.Errorf("%s: got %v of %v bytes used, %v", name, used, limit, ok)
		}
		if cores, ok := g.Cores(); !ok || cores != 1.5 {
			t.Errorf("%s: got %v cores, %v", name, cores, ok)
		}
		if used, ok := g.CPUTime(); !ok || used != 5*time.Second {
			t.Errorf("%s: got %v used, %v", name, used, ok)
		}
		m, err := NewMeter(g.root).Memory()
		if want := 100 * 524.0 / 1024; err != nil || m.AvailablePercent < want-0.1 || m.AvailablePercent > want+0.1 {
			t.Errorf("%s: got %.2f %% available, %v, want %.2f", name, m.AvailablePercent, err, want)
		}
	}
}

func TestGroupWithoutLimitsIsTheMachine(t *testing.T) {
	plain1, plain2 := maps.Clone(version1), maps.Clone(version2)
	plain1["memory/memory.limit_in_bytes"], plain1["cpu/cpu.cfs_quota_us"] = "9223372036854771712\n", "-1\n"
	plain2["memory.max"], plain2["cpu.max"] = "max\n", "max 100000\n"
	for name, files := range map[string]map[string]string{"version 1": plain1, "version 2": plain2, "nothing mounted": {}} {
		g := FindGroup(tree(t, files))
		if _, _, ok := g.Memory(); ok {
			t.Errorf("%s: a memory limit was found", name)
		}
		if cores, ok := g.Cores(); ok {
			t.Errorf("%s: a limit of %v cores was found", name, cores)
		}
	}
}

func TestCPUOfAContainerIsAShareOfItsLimit(t *testing.T) {
	root := tree(t, version2)
	m := NewMeter(root)
	began := time.Now()
	if _, ok := m.CPU(began); ok {
		t.Error("one measurement gave a rate")
	}
	// 1.5 s on a processor within 2 s, where 3 s were allowed
	if err := os.WriteFile(filepath.Join(root, "cpu.stat"), []byte("usage_usec 6500000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, ok := m.CPU(began.Add(2 * time.Second)); !ok || got < 49.9 || got > 50.1 {
		t.Errorf("got %.2f %%, %v, want 50", got, ok)
	}
}

func TestPressureOfAContainerIsItsOwn(t *testing.T) {
	if p, ok := NewMeter(tree(t, version2)).Pressure("memory"); !ok || p != (Pressure{12.5, 3}) {
		t.Errorf("got %+v, %v", p, ok)
	}
}

func TestThisMachineIsMeasured(t *testing.T) {
	m := NewMeter(CgroupRoot)
	m.CPU(time.Now())
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // the kernel counts in ticks
		if percent, ok := m.CPU(time.Now()); ok {
			if percent < 0 || percent > 100 {
				t.Errorf("got %v %% of the processors", percent)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the processors could not be measured within a minute")
		}
	}
	if mem, err := m.Memory(); err != nil || mem.AvailablePercent <= 0 || mem.AvailablePercent > 100 || mem.AvailableBytes < 1<<20 {
		t.Errorf("got memory %+v, %v", mem, err)
	}
	if load, err := m.Load(); err != nil || load < 0 {
		t.Errorf("got load %v, %v", load, err)
	}
	if d, err := ReadDisk("/"); err != nil || d.UsedPercent <= 0 || d.UsedPercent > 100 {
		t.Errorf("got disk %+v, %v", d, err)
	}
	if _, err := ReadDisk("/no/such/folder"); err == nil {
		t.Error("a folder that is not there was measured")
	}
}

func FuzzPressureStaysInItsRange(f *testing.F) {
	f.Add([]byte("some avg10=0.58 avg60=1.35 avg300=2.47 total=15813211\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"))
	f.Add([]byte("some avg10=nan\n"))
	f.Add([]byte("full avg10=1e9 x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, ok := parsePressure(data)
		if !ok && p.Some != 0 || !(p.Some >= 0 && p.Some <= 100 && p.Full >= 0 && p.Full <= 100) {
			t.Errorf("got %+v, %v", p, ok)
		}
	})
}
