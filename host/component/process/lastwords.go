package process

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pidfdInfo is the kernel's struct pidfd_info as of Linux 6.15 (include/uapi/linux/pidfd.h), 64 bytes in its first version.
type pidfdInfo struct {
	mask     uint64
	cgroup   uint64
	ids      [11]uint32
	exitCode int32
}

const (
	// pidfdGetInfo is _IOWR(0xFF, 11, struct pidfd_info).
	pidfdGetInfo = 3<<30 | unsafe.Sizeof(pidfdInfo{})<<16 | 0xFF<<8 | 11
	// pidfdInfoExit asks for the exit status, which the kernel keeps for holders of a pidfd once the parent has reaped.
	pidfdInfoExit = 1 << 3
)

// lastWords asks the kernel how a process ended that is not our child. Kernels before 6.15 do not tell. The status is
// there only after the parent has reaped, which init does at once; a lazy parent is given 20 ms, because an exit must be
// reported quickly even when its status is not known.
func lastWords(pidfd *os.File) Exit {
	const patience, step = 20 * time.Millisecond, 2 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		exit, supported := askKernel(pidfd)
		if exit.Known || !supported || waited >= patience {
			return exit
		}
		time.Sleep(step)
	}
}

func askKernel(pidfd *os.File) (exit Exit, supported bool) {
	conn, err := pidfd.SyscallConn()
	if err != nil {
		return Exit{}, false
	}
	info := pidfdInfo{mask: pidfdInfoExit}
	var errno syscall.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
	})
	if err != nil || errno != 0 && errno != unix.ESRCH {
		return Exit{}, false
	}
	if errno == 0 && info.mask&pidfdInfoExit != 0 {
		return fromWait(syscall.WaitStatus(info.exitCode)), true
	}
	return Exit{}, true
}
