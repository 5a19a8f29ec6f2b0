package confined

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// troubleFile is where a worker says why it did not become the validator. It closes when it does.
const troubleFile = 3

// exitTrouble is the code of a worker that did not become the validator.
const exitTrouble = 125

// Main makes this process the validator that standard input asks for. It returns only when that went wrong.
func Main() int {
	runtime.LockOSThread() // rights are those of a thread, and this one becomes the program
	unix.CloseOnExec(troubleFile)
	err := become()
	trouble := os.NewFile(troubleFile, "trouble")
	fmt.Fprint(trouble, err)
	return exitTrouble
}

func become() error {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var j Job
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	if err := network(); err != nil {
		return fmt.Errorf("bring up its own loopback: %w", err)
	}
	if err := view(); err != nil {
		return err
	}
	if err := stage(j); err != nil {
		return fmt.Errorf("apply the candidate to the view: %w", err)
	}
	if err := enter(j.Root); err != nil {
		return err
	}
	argv := make([]string, len(j.Command))
	for i, arg := range j.Command {
		argv[i] = strings.ReplaceAll(arg, View, j.Root)
	}
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	if !filepath.IsAbs(program) {
		program = filepath.Join(j.Root, program)
	}
	if err := surrender(); err != nil {
		return fmt.Errorf("give up rights: %w", err)
	}
	return fmt.Errorf("start %s: %w", program, unix.Exec(program, argv, os.Environ()))
}

// network brings up the loopback of the new network, which has nothing else, and lets programs bind any address: that of
// the host is not there, and a validator that only tries whether it could listen is to succeed.
func network() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	ifr, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	ifr.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr); err != nil {
		return err
	}
	for _, family := range []string{"ipv4", "ipv6"} {
		// Without it a validator that binds an address of the host may fail, on the present files too.
		_ = os.WriteFile("/proc/sys/net/"+family+"/ip_nonlocal_bind", []byte("1"), 0)
	}
	return nil
}

// The rights that a validator has no use for, and that reach out of its namespaces.
var surrendered = []uintptr{
	unix.CAP_SYS_ADMIN, unix.CAP_SYS_MODULE, unix.CAP_SYS_RAWIO, unix.CAP_SYS_PTRACE, unix.CAP_SYS_BOOT, unix.CAP_SYS_TIME,
	unix.CAP_SYS_CHROOT, unix.CAP_MKNOD, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW, unix.CAP_SYSLOG, unix.CAP_AUDIT_CONTROL,
	unix.CAP_AUDIT_WRITE, unix.CAP_MAC_ADMIN, unix.CAP_MAC_OVERRIDE, unix.CAP_WAKE_ALARM, unix.CAP_BLOCK_SUSPEND, unix.CAP_PERFMON,
	unix.CAP_BPF, unix.CAP_CHECKPOINT_RESTORE, unix.CAP_DAC_READ_SEARCH, unix.CAP_LINUX_IMMUTABLE, unix.CAP_SYS_PACCT, unix.CAP_SYS_TTY_CONFIG,
}

// Limits on a validator.
const (
	maxData  = 1 << 30 // bytes of memory
	maxFile  = 256 << 20
	maxTasks = 512
)

// surrender gives up rights for good.
func surrender() error {
	for _, limit := range []struct {
		what  int
		value uint64
	}{{unix.RLIMIT_CORE, 0}, {unix.RLIMIT_DATA, maxData}, {unix.RLIMIT_FSIZE, maxFile}, {unix.RLIMIT_NPROC, maxTasks}} {
		if err := unix.Setrlimit(limit.what, &unix.Rlimit{Cur: limit.value, Max: limit.value}); err != nil {
			return err
		}
	}
	for _, right := range surrendered {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, right, 0, 0, 0)
		if err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: this kernel does not know it
			return err
		}
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}
