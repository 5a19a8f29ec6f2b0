package confine

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// archCalls exist on amd64 alone, beside their newer forms.
var archCalls = []uint32{
	unix.SYS_NEWFSTATAT, unix.SYS_EPOLL_WAIT, unix.SYS_ARCH_PRCTL, unix.SYS_OPEN, unix.SYS_READLINK,
}

var archWriteCalls = []uint32{unix.SYS_RENAME, unix.SYS_RENAMEAT}
