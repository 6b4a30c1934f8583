"""dnspin inside an Unbound that has pythonmod: see dnspin-pythonmod(7).

Unbound runs this in its own interpreter, with all names of its unboundmodule.
Everything is done by the library beside this file; here are only the four
functions that pythonmod calls, and the callbacks for replies.
"""
import ctypes
import os


class DnspinSeen(ctypes.Structure):
    """struct dnspin_python_seen of module/loader/loader.h."""
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "cfg", "msg_cache", "modinfo", "callbacks", "options", "threads",
        "msg_cache_b", "neg_cache_b", "control_port", "script")]


def _dnspin_load():
    """CDLL, not PyDLL: the lock of the interpreter must be free meanwhile."""
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    library = ctypes.CDLL(os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "dnspin-python.so"))
    library.dnspin_python_init.argtypes = [pointer, integer, pointer, pointer]
    library.dnspin_python_init.restype = ctypes.c_bool
    library.dnspin_python_deinit.argtypes = []
    library.dnspin_python_deinit.restype = None
    library.dnspin_python_operate.argtypes = [pointer, integer]
    library.dnspin_python_operate.restype = None
    library.dnspin_python_reply.argtypes = [
        integer, pointer, pointer, pointer, integer, pointer, pointer,
        pointer, pointer, ctypes.c_double]
    library.dnspin_python_reply.restype = None
    return library


def _dnspin_at(thing):
    """The address of what pythonmod has wrapped; 0 for nothing."""
    return int(getattr(thing, "this", thing)) if thing is not None else 0


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p)
def _dnspin_say(level, text):
    line = text.decode("ascii", "replace")
    if level == 3:
        verbose(VERB_ALGO, line)
    else:
        (log_err, log_warn, log_info)[level](line)


def _dnspin_callback(kind):
    reply, at = _dnspin_library.dnspin_python_reply, _dnspin_at

    def callback(qinfo, qstate, rep, rcode, edns, options, region, *,
                 repinfo, start_time):
        reply(kind, at(qinfo), at(qstate), at(rep), rcode, at(edns),
              at(options), at(region), at(repinfo), start_time)
        return 1

    return callback


def _dnspin_seen(env):
    cfg = env.cfg
    return DnspinSeen(
        cfg=_dnspin_at(cfg), msg_cache=_dnspin_at(env.msg_cache),
        modinfo=_dnspin_at(env.modinfo),
        callbacks=_dnspin_at(env.inplace_cb_lists),
        options=env.edns_known_options_num, threads=cfg.num_threads,
        msg_cache_b=cfg.msg_cache_size, neg_cache_b=cfg.neg_cache_size,
        control_port=cfg.control_port, script=_dnspin_at(cfg.python_script))


def init_standard(id, env):
    if not _dnspin_library.dnspin_python_init(
            _dnspin_at(env), id, ctypes.byref(_dnspin_seen(env)),
            _dnspin_say):
        raise RuntimeError("dnspin does not run: the line before says why")
    # In the order of enum inplace_cb_list_type.
    for kind, register in enumerate((
            register_inplace_cb_reply, register_inplace_cb_reply_cache,
            register_inplace_cb_reply_local,
            register_inplace_cb_reply_servfail)):
        if not register(_dnspin_callback(kind), env, id):
            _dnspin_library.dnspin_python_deinit()
            raise MemoryError("dnspin: no callback")
    return True


def operate(id, event, qstate, qdata):
    _dnspin_library.dnspin_python_operate(int(qstate.this), event)
    return True


def inform_super(id, qstate, superqstate, qdata):
    return True


def deinit(id):
    _dnspin_library.dnspin_python_deinit()
    return True


_dnspin_library = _dnspin_load()
