package confine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets into struct seccomp_data of <linux/seccomp.h>.
const (
	offNumber = 0
	offArch   = 4
	offArg0   = 16 // low half on little-endian machines, the only ones supported
)

// x32 marks system calls of the x32 ABI on amd64. They would slip past a list of
// numbers, so they are refused as a whole.
const x32 = 0x40000000

func load(off uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: off}
}

func answer(action uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
}

func refuse(errno unix.Errno) unix.SockFilter { return answer(unix.SECCOMP_RET_ERRNO | uint32(errno)) }

// jump skips yes instructions when op holds against k, else no instructions.
func jump(op uint16, k uint32, branch [2]uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, Jt: branch[0], Jf: branch[1], K: k}
}

// when answers with action for the system call number nr.
func when(nr uint32, action unix.SockFilter) []unix.SockFilter {
	return []unix.SockFilter{jump(unix.BPF_JEQ, nr, [2]uint8{0, 1}), action}
}

func prologue() []unix.SockFilter {
	return []unix.SockFilter{
		load(offArch),
		jump(unix.BPF_JEQ, auditArch, [2]uint8{1, 0}),
		answer(unix.SECCOMP_RET_KILL_PROCESS),
		load(offNumber),
		jump(unix.BPF_JGE, x32, [2]uint8{0, 1}),
		refuse(unix.EPERM),
	}
}

// allowList permits calls, threads but no processes, and signals to itself alone;
// all else is EPERM. clone3 hides its flags behind a pointer, so it is said not to
// exist, and callers fall back to clone.
func allowList(calls []uint32) []unix.SockFilter {
	prog := prologue()
	for _, nr := range calls {
		prog = append(prog, when(nr, answer(unix.SECCOMP_RET_ALLOW))...)
	}
	prog = append(prog, when(unix.SYS_CLONE3, refuse(unix.ENOSYS))...)
	prog = append(prog,
		jump(unix.BPF_JEQ, unix.SYS_CLONE, [2]uint8{0, 4}),
		load(offArg0),
		jump(unix.BPF_JSET, unix.CLONE_THREAD, [2]uint8{0, 1}),
		answer(unix.SECCOMP_RET_ALLOW),
		refuse(unix.EPERM),
		jump(unix.BPF_JEQ, unix.SYS_TGKILL, [2]uint8{0, 3}),
		load(offArg0),
		jump(unix.BPF_JEQ, uint32(os.Getpid()), [2]uint8{0, 1}),
		answer(unix.SECCOMP_RET_ALLOW),
		refuse(unix.EPERM),
	)
	return prog
}

// denyList permits all but calls.
func denyList(calls []uint32) []unix.SockFilter {
	prog := prologue()
	for _, nr := range calls {
		prog = append(prog, when(nr, refuse(unix.EPERM))...)
	}
	return append(prog, answer(unix.SECCOMP_RET_ALLOW))
}

func restrictCalls(c Calls) error {
	if auditArch == 0 {
		return fmt.Errorf("no system call list for %s", runtime.GOARCH)
	}
	var prog []unix.SockFilter
	switch c {
	case GuestCalls:
		prog = allowList(guestCalls)
	case CompileCalls:
		prog = allowList(append(guestCalls[:len(guestCalls):len(guestCalls)], writeCalls...))
	case BuildCalls:
		prog = denyList(buildDenied)
	default:
		return fmt.Errorf("no system call list %q", c)
	}
	fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	failed, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	switch {
	case errno != 0:
		return fmt.Errorf("seccomp filter: %w", errno)
	case failed != 0:
		return errors.New("seccomp filter: one thread could not take it")
	}
	return nil
}
