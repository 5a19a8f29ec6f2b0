package serve

import (
	"errors"
	"net"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/proxy/spec"
)

// descriptorsEach is what one connection may need: both ends, and a pipe for
// each direction while bytes move.
const descriptorsEach = 6

// spareDescriptors are for everything else in the process.
const spareDescriptors = 128

// confine gives up what a proxy does not need: new privileges, core files, more
// descriptors than its connections want, and, where the kernel has Landlock,
// files, other TCP ports, signals to and sockets of others. The resolver's files
// stay readable, for targets that go by name. It returns what was had.
func confine(s spec.Spec) ([]string, error) {
	var guards []string
	// Builds with cgo, such as those with the race detector, cannot do it.
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); errno == 0 {
		guards = append(guards, "no-new-privs")
	}
	if err := limits(s); err != nil {
		return nil, err
	}
	guards = append(guards, "rlimits")
	port, err := targetPort(s.Target)
	if err != nil {
		return nil, err
	}
	const dns = 53
	err = landlock.V8.BestEffort().Restrict(
		landlock.ROFiles("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/services").IgnoreIfMissing(),
		landlock.ConnectTCP(port), landlock.ConnectTCP(dns),
	)
	if err != nil {
		return nil, err
	}
	if abi, err := landlockABI(); err == nil && abi > 0 {
		guards = append(guards, "landlock")
	}
	if unix.Geteuid() != 0 {
		guards = append(guards, "unprivileged")
	}
	return guards, nil
}

// limits never raises what the process has been given.
func limits(s spec.Spec) error {
	var open unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &open); err != nil {
		return err
	}
	want := min(uint64(s.MaxConnections*descriptorsEach+spareDescriptors), open.Max)
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: want, Max: want}),
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
	)
}

func targetPort(target string) (uint16, error) {
	_, text, err := net.SplitHostPort(target)
	if err != nil {
		return 0, err
	}
	port, err := net.LookupPort("tcp", text)
	if err != nil {
		return 0, err
	}
	return uint16(port), nil
}

func landlockABI() (int, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, errno
	}
	return int(version), nil
}
