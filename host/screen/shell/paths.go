package shell

import (
	"path"
	"strings"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// Kinds of places. The patterns are matched against paths without repeated slashes and dots.
var (
	device    = pattern.New(`^/dev/(sd|hd|vd|xvd|nvme|mmcblk|md|dm-|mapper/|disk/|mem|kmem|port|loop)`)
	network   = pattern.New(`^/dev/(tcp|udp)/`)
	authority = pattern.New(`^/etc/(passwd|shadow|gshadow|group|sudoers|ld\.so\.preload|pam\.d|pam\.conf|security/|ssh/|crontab|cron\.|anacrontab|rc\.local|init\.d/|inittab|profile|bash\.bashrc|environment|polkit|update-motd\.d|udev/rules\.d|modprobe\.d|apparmor|selinux|audit|systemd/system/|xdg/autostart|doas\.conf|hosts\.(allow|deny)|xinetd|NetworkManager/dispatcher|apt/apt\.conf)`)
	startup   = pattern.New(`(/\.ssh/(authorized_keys2?|rc)|/var/spool/cron|/lib/systemd/system/|/\.config/(systemd/user|autostart)/|/boot/|/\.pam_environment|/lib/modules/)`)
	rcFile    = pattern.New(`/\.(bashrc|bash_profile|bash_login|bash_logout|profile|zshrc|zprofile|zshenv|vimrc|gitconfig|kshrc|inputrc)$`)
	kernel    = pattern.New(`^/proc/(sysrq-trigger|sys/kernel/(core_pattern|modprobe|randomize_va_space|sysrq|yama|kptr|hotplug)|\d+/mem|self/mem|sys/vm/mmap_min|sys/fs/binfmt|sys/fs/suid)|^/sys/(kernel/(uevent_helper|security)|fs/cgroup/.*release_agent|firmware/efi|power/state)`)
	hidden    = pattern.New(`^/etc/g?shadow|/\.ssh/(id_|identity|\*|$)|/\.ssh$|/\.aws(/|$)|/\.gnupg|/\.pgpass|/\.netrc|/\.git-credentials|/\.kube/config|/\.docker/config|/\.config/gcloud|/\.azure|^/proc/[^/]+/environ|/etc/ssl/private|/etc/ssh/ssh_host.*key$|\.(pem|p12|pfx|keytab|kdbx)$|/\.env$|^\.env$|/\.bash_history$|/\.mozilla|/google-chrome|/etc/krb5|^/dev/mem$|/etc/(security/opasswd|sudoers)|/run/secrets|/var/run/secrets|wallet\.dat|/\.vault-token|id_rsa|id_ed25519`)
	logs      = pattern.New(`^/var/log/(wtmp|btmp|lastlog|utmp|auth|secure|syslog|messages|audit|faillog|kern|journal)|^/var/run/utmp|_history$|\.histfile$|\.viminfo$|^/var/log/?\*?$|^/var/log/\*+(/\*+)*$`)
	scratches = pattern.New(`^(/tmp|/var/tmp|/dev/shm|/run/user/\d+)(/|$)`)
)

// tidy makes a path comparable.
func tidy(p string) string {
	if p == "" {
		return ""
	}
	return path.Clean(strings.TrimPrefix(p, "file://"))
}

var (
	topFolders  = pattern.New(`^/(bin|boot|dev|etc|home|lib|lib32|lib64|libx32|media|mnt|opt|proc|root|run|sbin|srv|sys|usr|var)$`)
	vitals      = pattern.New(`^/(bin|boot|sbin|lib|lib64|root|dev|sys|proc)/[^*]|^/etc/[^/]+$|^/usr/(s?bin|lib|lib64|share|include|libexec)(/[^/]+)?$|^/usr/local/?$|^/usr/local/(bin|lib|sbin)$|^/home/[^/]+$|^/var/(lib|log|spool|www|backups?|mail|db|opt)$|^/(srv|opt|mnt|media)/\*$`)
	data        = pattern.New(`^/var/lib/[^/]+(/[^/]+)?$|^/var/backups?/[^/]+$|^/(data|backups?|mnt|media|export|storage)(/[^/]+)?$|/\.git$|/\.ssh$|^/var/spool/(cron|mail)`)
	throwaway   = pattern.New(`^/var/(cache|lib/apt|tmp|lib/dpkg/updates|lib/dhcp|crash)|/(cache|\.cache|tmp|node_modules|build|dist|target|__pycache__|logs?|old|releases?)(/|$)|^/var/log/.+`)
	onlyPattern = pattern.New(`^[*?.\[\]]+$`)
	drive       = pattern.New(`^/(\*|\?+|\[[^]]*\]|\.\*)`)
	climb       = pattern.New(`^\.\.?(/\.\.)*(/\*)?$`)
)

// loss says how bad it is when what is at a path, and all below it, is gone.
func loss(raw string) (risk.Level, string) {
	if strings.HasPrefix(raw, string(scratch)) {
		return risk.None, ""
	}
	if strings.HasPrefix(raw, string(nonempty)) {
		return risk.Medium, "a path that is not known"
	}
	p := tidy(strings.NewReplacer(string(reached), "", string(nonempty), "set").Replace(raw))
	if i := strings.IndexRune(p, rune(unknown)); i >= 0 {
		if p == string(unknown) && strings.HasSuffix(raw, "/") {
			p += "/"
		}
		return lossOfUnknown(p, i)
	}
	all := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(p, "/**"), "/*"), "/.*")
	switch {
	case device.MatchString(p):
		return risk.Critical, "a device"
	case all == "" || all == "/" || drive.MatchString(p):
		return risk.Critical, "everything"
	case topFolders.MatchString(all):
		return risk.Critical, "a folder that the system needs"
	case logs.MatchString(p):
		return risk.High, "records of what happened"
	case authority.MatchString(p) || startup.MatchString(p):
		return risk.High, "a file that decides who may do what"
	case throwaway.MatchString(p) || scratches.MatchString(p):
		return risk.Low, ""
	case vitals.MatchString(all) || data.MatchString(all):
		return risk.High, "a folder of the system or of data"
	case onlyPattern.MatchString(p) || climb.MatchString(p) || p == "~":
		return risk.High, "whatever folder it is started in"
	case strings.HasPrefix(p, "/"):
		return risk.Medium, "an absolute path"
	}
	return risk.Low, ""
}

// lossOfUnknown judges a path with an unknown part at byte i.
func lossOfUnknown(p string, i int) (risk.Level, string) {
	rest := strings.TrimPrefix(p[i:], string(unknown))
	switch {
	case i == 0 && (strings.HasPrefix(rest, "/") || rest == "*"):
		if level, what := loss(rest); level >= risk.High {
			return risk.High, what + ", if the variable is empty"
		}
		return risk.Medium, "a path that is not known"
	case i == 0:
		return risk.Medium, "a path that is not known"
	}
	if level, what := loss(strings.TrimRight(p[:i], "/")); level >= risk.Critical && !strings.HasPrefix(p, "/home") && !strings.HasPrefix(p, "/opt") && !strings.HasPrefix(p, "/srv") {
		return risk.High, what + ", if the variable is empty"
	}
	return risk.Medium, "a path that is not known"
}

// writing says how bad it is that a program writes to a path.
func writing(raw string) (risk.Level, string) {
	p := tidy(raw)
	switch {
	case device.MatchString(p):
		return risk.Critical, "overwrites a device"
	case network.MatchString(p):
		return risk.Critical, "speaks to the network through the shell"
	case kernel.MatchString(p):
		return risk.High, "changes how the kernel guards itself"
	case authority.MatchString(p) || startup.MatchString(p):
		return risk.High, "writes what decides who may do what, or what is started"
	case logs.MatchString(p):
		return risk.High, "overwrites records of what happened"
	case rcFile.MatchString(p):
		return risk.Medium, "writes what each shell runs"
	case strings.HasPrefix(p, "/etc/") || strings.HasPrefix(p, "/usr/") || strings.HasPrefix(p, "/lib"):
		return risk.Medium, "writes into the system"
	case strings.HasPrefix(p, "/bin/") || strings.HasPrefix(p, "/sbin/"):
		return risk.High, "replaces a program of the system"
	}
	return risk.None, ""
}
