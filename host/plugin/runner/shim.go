package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// Between the daemon and the plugin's program stands a shim: the daemon's own
// binary, run under another name. It takes every right away from itself and
// then becomes the plugin, so that no instruction of a plugin runs with more
// than it may have. Limits that the parent sets afterwards would come late, and
// need CAP_SYS_RESOURCE, which root in a container often lacks.

const (
	shimName = "homeostat-plugin-shim"
	shimEnv  = "HOMEOSTAT_SHIM"
	// programDescriptor is where the shim finds the program.
	programDescriptor = 4
	// shimFailed is the exit status of a shim that could not become the plugin.
	shimFailed = 126
)

// bounds are what the daemon tells the shim.
type bounds struct {
	Name      string    `json:"name"`
	Parent    int       `json:"parent"`
	Identity  *Identity `json:"identity,omitempty"`
	Memory    int64     `json:"memory"`
	SocketDir string    `json:"socket_dir"`
}

// init turns a process that was started as the shim into the plugin. It runs
// before main, so that every program which imports this package can be the shim
// without knowing of it.
func init() {
	if len(os.Args) != 1 || os.Args[0] != shimName {
		return
	}
	var b bounds
	err := json.Unmarshal([]byte(os.Getenv(shimEnv)), &b)
	if err == nil {
		err = b.become()
	}
	fmt.Fprintf(os.Stderr, "become a plugin: %v\n", err)
	os.Exit(shimFailed)
}

// become returns only with an error. Credentials, parent-death signal and
// Landlock belong to the calling thread; exec ends all others.
func (b bounds) become() error {
	runtime.LockOSThread()
	if err := b.confineFiles(); err != nil {
		return fmt.Errorf("confine its view of files: %w", err)
	}
	if err := b.setLimits(); err != nil {
		return fmt.Errorf("limit it: %w", err)
	}
	if err := b.dropUser(); err != nil {
		return fmt.Errorf("change its user: %w", err)
	}
	if err := b.tieToParent(); err != nil {
		return fmt.Errorf("tie its life to the daemon's: %w", err)
	}
	unix.CloseOnExec(programDescriptor)
	return b.exec()
}

// The bounds of every plugin's process.
const (
	maxDescriptors = 256
	// runtimeMemory is what a Go program reserves before it stores anything: one
	// arena of 64 MiB, its tables and the stacks of its threads. The examples
	// have 130 MiB of data at rest by /proc/PID/status.
	runtimeMemory = 160 << 20
)

func (b bounds) setLimits() error {
	set := func(resource int, n uint64) error {
		return unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n})
	}
	return errors.Join(set(unix.RLIMIT_CORE, 0), set(unix.RLIMIT_NOFILE, maxDescriptors))
}

// limitMemory is the last thing before exec and allocates nothing: the limit
// counts what the shim itself has mapped, which for a large daemon, or one with
// the race detector, is more than a plugin gets.
func (b bounds) limitMemory() syscall.Errno {
	if b.Memory <= 0 {
		return 0
	}
	limit := unix.Rlimit{Cur: uint64(b.Memory) + runtimeMemory, Max: uint64(b.Memory) + runtimeMemory}
	_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_DATA, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	return errno
}

// readable are the parts of the system that a plugin may read and run programs
// from. Its own socket folder is all that it may write, beside /dev/null.
var readable = []string{"/usr", "/bin", "/lib", "/lib64", "/etc", "/proc", "/sys"}

// confineFiles uses as much of Landlock as the kernel has; a kernel without it
// leaves the plugin to the rights of its user. The network, signals to others
// and sockets of others are closed as well: the daemon speaks to a plugin
// through a socket that the plugin accepts on.
func (b bounds) confineFiles() error {
	self := fmt.Sprintf("/proc/self/fd/%d", programDescriptor)
	return landlock.V11.BestEffort().Restrict(
		landlock.RODirs(readable...).IgnoreIfMissing(),
		landlock.ROFiles(self, "/dev/urandom", "/dev/zero").IgnoreIfMissing(),
		landlock.RWFiles("/dev/null").IgnoreIfMissing(),
		landlock.RWDirs(b.SocketDir),
	)
}

// dropUser gives up root, groups first. It acts on this thread only.
func (b bounds) dropUser() error {
	if b.Identity == nil {
		return nil
	}
	uid, gid := uintptr(b.Identity.UID), uintptr(b.Identity.GID)
	calls := []func() syscall.Errno{
		func() syscall.Errno { return raw(unix.SYS_SETGROUPS, 0, 0, 0) },
		func() syscall.Errno { return raw(unix.SYS_SETRESGID, gid, gid, gid) },
		func() syscall.Errno { return raw(unix.SYS_SETRESUID, uid, uid, uid) },
	}
	for _, call := range calls {
		if errno := call(); errno != 0 {
			return errno
		}
	}
	return nil
}

func raw(number, a, b, c uintptr) syscall.Errno {
	_, _, errno := unix.RawSyscall(number, a, b, c)
	return errno
}

// tieToParent asks for the parent-death signal again, which a change of user
// clears, and notices a parent that died in between.
func (b bounds) tieToParent() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	if os.Getppid() != b.Parent {
		return errors.New("the daemon is gone")
	}
	return nil
}

// exec runs the program from its descriptor. It tries again while the kernel
// finds the program open for writing: a process that the daemon forked while
// the store wrote the program holds that descriptor until its own exec
// (golang/go#22315).
func (b bounds) exec() error {
	path, err := unix.BytePtrFromString("")
	if err != nil {
		return err
	}
	argv, err := syscall.SlicePtrFromStrings([]string{b.Name})
	if err != nil {
		return err
	}
	envv, err := syscall.SlicePtrFromStrings(withoutShim(os.Environ()))
	if err != nil {
		return err
	}
	const attempts = 50
	pause := unix.NsecToTimespec(int64(10 * time.Millisecond))
	for i := 1; ; i++ {
		if errno := b.limitMemory(); errno != 0 {
			return fmt.Errorf("limit its memory: %w", errno)
		}
		_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, programDescriptor, uintptr(unsafe.Pointer(path)),
			uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])), unix.AT_EMPTY_PATH, 0)
		if i == attempts || errno != unix.ETXTBSY {
			return explainExec(errno)
		}
		// The runtime's own sleep may map memory, which is limited by now.
		_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
	}
}

func explainExec(errno syscall.Errno) error {
	switch errno {
	case unix.ENOEXEC:
		return fmt.Errorf("%w: it is no program for this machine", errno)
	case unix.EACCES:
		return fmt.Errorf("%w: is the state folder on a file system mounted noexec?", errno)
	}
	return errno
}

func withoutShim(env []string) []string {
	out := env[:0]
	for _, entry := range env {
		if !strings.HasPrefix(entry, shimEnv+"=") {
			out = append(out, entry)
		}
	}
	return out
}
