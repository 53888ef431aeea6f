"""Asking Windows for the association. This has not run on Windows yet; the parsers of what it reads are tested.

The WLAN service is asked first, for that one structure in which nothing names a place. A Windows that does not know it,
10 or an early 11, is asked by ``netsh``, which there needs no consent. A refusal (error 5) is an answer: missing.
"""

import sys

if sys.platform == "win32":
    import ctypes
    import winreg
    from ctypes import wintypes
    from uuid import UUID

    from agent.association import Association
    from agent.command import output_of
    from agent.wifi_netsh import from_netsh
    from agent.wifi_quality import from_connection_quality

    _CLIENT_VERSION = 2  # Windows Vista and later
    _REALTIME_CONNECTION_QUALITY = 19
    _ERROR_ACCESS_DENIED = 5
    _ERROR_INVALID_STATE = 5023  # not connected
    _ENCODINGS = ("utf-8", "oem")  # what netsh was seen to write to a pipe
    _NAMES = r"SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"

    class _Info(ctypes.Structure):
        """``WLAN_INTERFACE_INFO``."""

        _fields_ = (("guid", ctypes.c_ubyte * 16), ("description", ctypes.c_wchar * 256), ("state", wintypes.DWORD))

    class _Infos(ctypes.Structure):
        """The head of ``WLAN_INTERFACE_INFO_LIST``."""

        _fields_ = (("count", wintypes.DWORD), ("index", wintypes.DWORD))

    def ask_windows(name: str) -> Association | None:
        """The association of the adapter `name`, ``None`` without one. Blocks for seconds at most."""
        try:
            wlan = ctypes.WinDLL("wlanapi")
        except OSError:
            return None  # a Windows Server without the WLAN service
        handle, version = wintypes.HANDLE(), wintypes.DWORD()
        if wlan.WlanOpenHandle(_CLIENT_VERSION, None, ctypes.byref(version), ctypes.byref(handle)):
            return None
        try:
            guid = next((one for one in _adapters(wlan, handle) if _name_of(one) == name), None)
            if guid is None:
                return None
            error, data = _ask(wlan, handle, guid)
        finally:
            wlan.WlanCloseHandle(handle, None)
        if error in (_ERROR_ACCESS_DENIED, _ERROR_INVALID_STATE):
            return None
        if error:
            return from_netsh(output_of(["netsh", "wlan", "show", "interfaces"]), name, _ENCODINGS)
        return from_connection_quality(data)

    def _adapters(wlan: ctypes.WinDLL, handle: wintypes.HANDLE) -> list[bytes]:
        listed = ctypes.POINTER(_Infos)()
        if wlan.WlanEnumInterfaces(handle, None, ctypes.byref(listed)):
            return []
        try:
            first = ctypes.addressof(listed.contents) + ctypes.sizeof(_Infos)
            return [bytes(one.guid) for one in (_Info * listed.contents.count).from_address(first)]
        finally:
            wlan.WlanFreeMemory(listed)

    def _ask(wlan: ctypes.WinDLL, handle: wintypes.HANDLE, guid: bytes) -> tuple[int, bytes]:
        size, data = wintypes.DWORD(), ctypes.c_void_p()
        error = wlan.WlanQueryInterface(
            handle, guid, _REALTIME_CONNECTION_QUALITY, None, ctypes.byref(size), ctypes.byref(data), None
        )
        if error or data.value is None:
            return int(error), b""
        try:
            return 0, ctypes.string_at(data.value, size.value)
        finally:
            wlan.WlanFreeMemory(data)

    def _name_of(guid: bytes) -> str | None:
        """The name that people and psutil call the adapter by."""
        key = rf"{_NAMES}\{{{str(UUID(bytes_le=guid)).upper()}}}\Connection"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
                return str(winreg.QueryValueEx(opened, "Name")[0])
        except OSError:
            return None
