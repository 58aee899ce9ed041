"""The system calls that a script may make once it runs: those that compute, wait and answer. All others fail with EPERM."""

import ctypes
import struct

_X86_64 = {
    'arch': 0xC000003E,
    'read': 0, 'write': 1, 'mmap': 9, 'mprotect': 10,
    'free': [
        3, 5, 7, 8, 11, 12, 13, 14, 15, 23, 24, 25, 28, 35, 36, 37, 38, 39, 60, 96, 98, 100, 102, 104, 107, 108, 110,
        131, 186, 201, 202, 204, 219, 228, 229, 230, 231, 271, 273, 318, 324, 334,
    ],
}  # fmt: skip
# close fstat poll lseek munmap brk sigaction sigprocmask sigreturn select sched_yield mremap madvise nanosleep getitimer alarm
# setitimer getpid exit gettimeofday getrusage times getuid getgid geteuid getegid getppid sigaltstack gettid time futex
# sched_getaffinity restart_syscall clock_gettime clock_getres clock_nanosleep exit_group ppoll set_robust_list getrandom
# membarrier rseq

_AARCH64 = {
    'arch': 0xC00000B7,
    'read': 63, 'write': 64, 'mmap': 222, 'mprotect': 226,
    'free': [
        57, 62, 73, 80, 93, 94, 98, 99, 101, 102, 103, 113, 114, 115, 123, 124, 128, 132, 134, 135, 139, 153, 165, 169,
        172, 173, 174, 175, 176, 177, 178, 214, 215, 216, 233, 278, 283, 293,
    ],
}  # fmt: skip
# The same ones; those that this architecture does not have are missing.

_TABLES = {'x86_64': _X86_64, 'aarch64': _AARCH64, 'arm64': _AARCH64}

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_NUMBER, _ARCH, _FIRST, _THIRD = 0, 4, 16, 32
_PROT_EXEC = 4

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 1, 4, 38, 22, 2


def _filter(table, answers_to):
    """A program of the kernel's packet filter over number, architecture and arguments of a call."""
    program = []

    def add(code, value, yes=0, no=0):
        program.append(struct.pack('=HBBI', code, yes, no, value))

    def if_number(number, *then):
        add(_EQUAL, number, 0, len(then))
        program.extend(then)

    def line(code, value, yes=0, no=0):
        return struct.pack('=HBBI', code, yes, no, value)

    add(_LOAD, _ARCH)
    add(_EQUAL, table['arch'], 1, 0)
    add(_RETURN, _KILL)
    add(_LOAD, _NUMBER)
    for number in table['free']:
        if_number(number, line(_RETURN, _ALLOW))
    if_number(table['read'], line(_LOAD, _FIRST), line(_EQUAL, 0, 0, 1), line(_RETURN, _ALLOW), line(_RETURN, _EPERM))
    if_number(
        table['write'],
        line(_LOAD, _FIRST),
        line(_EQUAL, answers_to, 0, 1),
        line(_RETURN, _ALLOW),
        line(_RETURN, _EPERM),
    )
    for name in ('mmap', 'mprotect'):
        if_number(
            table[name],
            line(_LOAD, _THIRD),
            line(_ANY_BIT, _PROT_EXEC, 1, 0),
            line(_RETURN, _ALLOW),
            line(_RETURN, _EPERM),
        )
    add(_RETURN, _EPERM)
    return b''.join(program), len(program)


class SystemCalls:
    """The kernel's own walls; to be made before a script runs, and used after."""

    def __init__(self, machine):
        self._table = _TABLES.get(machine)
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl
        self._prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]

    def _set(self, option, value=0, pointer=0):
        if self._prctl(option, value, pointer, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), 'the kernel refuses to confine a script')

    def die_with_parent(self):
        self._set(_PR_SET_PDEATHSIG, 9)

    def allow_only_answers(self, answers_to):
        """From here on nothing is opened, connected, started, signalled or mapped to be executed."""
        if self._table is None:
            raise OSError('the kernel confines scripts on x86_64 and aarch64 only')
        program, length = _filter(self._table, answers_to)
        code = ctypes.create_string_buffer(program)
        header = ctypes.create_string_buffer(struct.pack('@HP', length, ctypes.addressof(code)))
        self._set(_PR_SET_DUMPABLE, 0)
        self._set(_PR_SET_NO_NEW_PRIVS, 1)
        self._set(_PR_SET_SECCOMP, _FILTER, ctypes.addressof(header))
