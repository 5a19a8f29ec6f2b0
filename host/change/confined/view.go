package confined

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change/txn"
)

// scratch is where the view is put together. What is there on the host is hidden from this process alone, and is in the
// view, which is made of the file system below the mount.
const scratch = "/tmp"

// top is the root of the view while it is put together.
const top = scratch + "/view"

// scratchSize bounds what a validator can write.
const scratchSize = "size=512m,mode=0700"

// view puts the copy-on-write view together: an overlay for each mounted file system, a /proc of its own, and no devices
// but the harmless ones.
func view() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to itself: %w", err)
	}
	mounts, err := mountPoints()
	if err != nil {
		return err
	}
	lowers := make([]*os.File, len(mounts))
	for i, at := range mounts {
		// Opened now: the scratch folder is about to hide one of them.
		if lowers[i], err = os.OpenFile(at, unix.O_PATH, 0); err != nil {
			lowers[i] = nil // what the daemon cannot even open, the view has empty
		}
	}
	if err := unix.Mount("none", scratch, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, scratchSize); err != nil {
		return fmt.Errorf("mount a scratch folder: %w", err)
	}
	if err := os.Mkdir(top, 0o755); err != nil {
		return err
	}
	for i, at := range mounts {
		if lowers[i] == nil {
			continue
		}
		err := overlay(i, lowers[i], at)
		_ = lowers[i].Close() // a path, no file
		if err != nil {
			return fmt.Errorf("lay a copy over %s: %w", at, err)
		}
	}
	if err := unix.Mount("proc", top+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return devices()
}

// special are the file systems that are not files; the view has its own, or none.
var special = []string{"/proc", "/sys", "/dev"}

// mountPoints lists the mounted file systems, outer ones first.
func mountPoints() ([]string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	points := []string{"/"}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		at := unescape.Replace(fields[4])
		isSpecial := slices.ContainsFunc(special, func(s string) bool { return at == s || strings.HasPrefix(at, s+"/") })
		info, err := os.Stat(at)
		if at == "/" || isSpecial || err != nil || !info.IsDir() {
			continue
		}
		points = append(points, at)
	}
	slices.Sort(points)
	return slices.Compact(points), nil
}

// overlay lays a writable copy over one file system; where that cannot be, the view has it read-only.
func overlay(i int, lower *os.File, at string) error {
	upper, work := fmt.Sprintf("%s/upper%d", scratch, i), fmt.Sprintf("%s/work%d", scratch, i)
	for _, dir := range []string{upper, work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	source := fmt.Sprintf("/proc/self/fd/%d", lower.Fd())
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", source, upper, work)
	err := unix.Mount("overlay", top+at, "overlay", unix.MS_NOSUID|unix.MS_NODEV, options)
	if err != nil {
		err = unix.Mount("overlay", top+at, "overlay", unix.MS_NOSUID|unix.MS_NODEV, options+",userxattr")
	}
	if err == nil || at == "/" {
		return err
	}
	if err := unix.Mount(source, top+at, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	return unix.Mount("", top+at, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, "")
}

// devices gives the view the devices that every program may use.
func devices() error {
	dev := top + "/dev"
	if err := unix.Mount("none", dev, "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "size=64k,mode=0755"); err != nil {
		return fmt.Errorf("mount /dev: %w", err)
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom"} {
		at := filepath.Join(dev, name)
		if err := os.WriteFile(at, nil, 0o666); err != nil {
			return err
		}
		if err := unix.Mount("/dev/"+name, at, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("show /dev/%s: %w", name, err)
		}
	}
	return os.Symlink("/proc/self/fd", filepath.Join(dev, "fd"))
}

// stage does to the view what the candidate does to the root. Links in the way are never followed out of it.
func stage(j Job) error {
	root, err := os.OpenRoot(top + j.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, op := range j.Ops {
		if err := stageOne(root, op); err != nil {
			return fmt.Errorf("%s %s: %w", op.Kind, op.Path, err)
		}
	}
	return nil
}

func stageOne(root *os.Root, op txn.Op) error {
	if op.Kind == txn.Delete {
		return root.RemoveAll(op.Path)
	}
	if op.Kind != txn.Mode {
		if err := root.MkdirAll(path.Dir(op.Path), 0o755); err != nil {
			return err
		}
	}
	var err error
	switch op.Kind {
	case txn.Write:
		err = write(root, op)
	case txn.Link:
		if err = root.RemoveAll(op.Path); err == nil {
			err = root.Symlink(string(op.Data), op.Path)
		}
	case txn.Folder:
		err = root.MkdirAll(op.Path, 0o755)
	}
	if err == nil && op.Mode != nil && op.Kind != txn.Link {
		err = root.Chmod(op.Path, fs.FileMode(*op.Mode).Perm())
	}
	return err
}

// write keeps owner and mode of a file that is there. A link is replaced, not followed.
func write(root *os.Root, op txn.Op) error {
	info, err := root.Lstat(op.Path)
	if err == nil && !info.Mode().IsRegular() {
		err = root.RemoveAll(op.Path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return root.WriteFile(op.Path, op.Data, 0o644)
}

// enter makes the view the file system of this process.
func enter(dir string) error {
	if err := unix.Chdir(top); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("enter the view: %w", err)
	}
	// The old root lies over the new one and goes with everything below it.
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the host's files: %w", err)
	}
	if err := unix.Chdir(dir); err != nil {
		return err
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Dup2(null, 0)
}
