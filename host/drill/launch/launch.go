// Package launch starts a daemon of a drill under a kernel that misbehaves: one that refuses system calls of a change,
// ends whoever makes them, or has no space left.
//
// The program starts itself again as the launcher (Asked, Main), which asks the kernel for the fault and then becomes the
// daemon. Faults hold for the daemon and its children alone: a seccomp filter, and a mount in a namespace of its own. The
// package decides nothing.
package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Name is the first argument that makes the program the launcher; the faults as JSON and the command follow.
const Name = "drill-launch"

// Call is a system call of a change.
type Call string

// The calls that can be spoiled. Nothing else in the daemon renames with these flags.
const (
	Exchange Call = "exchange" // one file takes the place of another
	Create   Call = "create"   // a file comes to where none was
)

// Faults are what the kernel does to the daemon.
type Faults struct {
	// Spoil makes a call of a change fail with EIO, or end its process where Kill is set; empty spoils none.
	Spoil Call `json:"spoil,omitempty"`
	Kill  bool `json:"kill,omitempty"`
	// Small is a folder, in a lab relative to its own, that becomes a file system of Bytes bytes with the same files in it; empty for none.
	Small string `json:"small,omitempty"`
	Bytes int    `json:"bytes,omitempty"`
}

// Arguments start the command under faults; they follow the program's name.
func Arguments(f Faults, command []string) ([]string, error) {
	data, err := json.Marshal(f)
	return append([]string{Name, string(data)}, command...), err
}

// Asked says whether this process was started as the launcher. Then main must do nothing but call Main.
func Asked() bool { return len(os.Args) > 1 && os.Args[1] == Name }

// ExitCannot is the exit code of a launcher to which the kernel does not give the fault.
const ExitCannot = 125

// Main becomes the command. It returns only when it cannot.
func Main() int {
	const least = 4
	err := errors.New("this is a part of `homeostat drill`; it is not started by hand")
	if len(os.Args) >= least {
		err = become(os.Args[2], os.Args[3:])
	}
	fmt.Fprintln(os.Stderr, "drill launcher:", err)
	return ExitCannot
}

func become(faults string, command []string) error {
	runtime.LockOSThread() // the filter and the namespace are those of a thread until exec
	var f Faults
	if err := json.Unmarshal([]byte(faults), &f); err != nil {
		return err
	}
	if f.Small != "" {
		if err := shrink(f.Small, f.Bytes); err != nil {
			return err
		}
	}
	if f.Spoil != "" {
		if err := spoil(f); err != nil {
			return fmt.Errorf("filter system calls: %w", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, command, os.Environ())
}

// shrink puts a small file system over a folder, for this process and its children alone, and the folder's files in it.
func shrink(dir string, size int) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("take a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	open, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer open.Close()
	if err := unix.Mount("drill", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		return fmt.Errorf("mount a small file system: %w", err)
	}
	return os.CopyFS(dir, open.FS())
}

// Offsets into struct seccomp_data of <linux/seccomp.h>, for little-endian machines.
const (
	offNumber = 0
	offArch   = 4
	offFlags  = 16 + 4*8 // the fifth argument
)

// machines are the audit numbers of <linux/audit.h>.
var machines = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

var flags = map[Call]uint32{Exchange: unix.RENAME_EXCHANGE, Create: unix.RENAME_NOREPLACE}

// spoil has the kernel refuse renameat2 with the flags of the call. The filter outlives exec.
func spoil(f Faults) error {
	machine, known := machines[runtime.GOARCH]
	flag, named := flags[f.Spoil]
	if !known || !named {
		return fmt.Errorf("%s on %s is not known", f.Spoil, runtime.GOARCH)
	}
	answer := uint32(unix.SECCOMP_RET_ERRNO) | uint32(unix.EIO)
	if f.Kill {
		answer = unix.SECCOMP_RET_KILL_PROCESS
	}
	load := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: k}
	}
	equal := func(k uint32, otherwise uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jf: otherwise}
	}
	program := []unix.SockFilter{
		load(offArch), equal(machine, 5),
		load(offNumber), equal(unix.SYS_RENAMEAT2, 3),
		load(offFlags), equal(flag, 1),
		{Code: unix.BPF_RET | unix.BPF_K, K: answer},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&filter))); errno != 0 {
		return errno
	}
	return nil
}
