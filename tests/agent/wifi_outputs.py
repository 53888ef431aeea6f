"""What ``iw`` and ``netsh`` print, in the forms that they were seen to print it, with values of our own.

Nothing here was recorded by us: no machine of ours has Wi-Fi. iw's forms are those of the format strings in its
sources (info in interface.c, stations and rates in station.c) and of outputs that people published; netsh's are from
published outputs only. Each says where. Names and addresses are invented.
"""

from dataclasses import dataclass

from agent.association import Association

NAME = "Room 204"
BSSID = "02:00:5e:10:00:01"
OWN = "02:00:5e:20:00:02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Iw:
    """The two outputs of iw and what they say."""

    info: str
    station_dump: str
    says: Association


@dataclass(frozen=True, slots=True, kw_only=True)
class Netsh:
    """An output of netsh, in the encoding in which it comes, and what it says of the adapter `name`."""

    name: str
    text: str
    encoding: str
    says: Association

    @property
    def output(self) -> bytes:
        """As it comes out of the pipe."""
        return self.text.replace("\n", "\r\n").encode(self.encoding)


def info(channels: str, *, ssid: str = NAME, kind: str = "managed") -> str:
    return (
        f"Interface wlan0\n\tifindex 3\n\twdev 0x1\n\taddr {OWN}\n\tssid {ssid}\n\ttype {kind}\n\twiphy 0\n"
        f"{channels}\ttxpower 22.00 dBm\n"
        "\tmulticast TXQ:\n\t\tqsz-byt\tqsz-pkt\tflows\tdrops\tmarks\toverlmt\thashcol\ttx-bytes\ttx-packets\n"
        "\t\t0\t0\t0\t0\t0\t0\t0\t0\t\t0\n"
    )


def station(
    *, signal: str, down: str, up: str, sent: int = 94, retries: str = "\ttx retries:\t31\n", tdls: str = "no"
) -> str:
    return (
        f"Station {BSSID} (on wlan0)\n\tinactive time:\t8 ms\n\trx bytes:\t27240\n\trx packets:\t101\n"
        f"\ttx bytes:\t15478\n\ttx packets:\t{sent}\n{retries}\ttx failed:\t0\n\tbeacon loss:\t23\n\tbeacon rx:\t60\n"
        f"\trx drop misc:\t26\n\tsignal:  \t{signal} dBm\n\tsignal avg:\t-11 dBm\n"
        f"\ttx bitrate:\t{up}\n\ttx duration:\t0 us\n\trx bitrate:\t{down}\n\trx duration:\t0 us\n"
        "\tauthorized:\tyes\n\tauthenticated:\tyes\n\tassociated:\tyes\n\tpreamble:\tlong\n\tWMM/WME:\tyes\n\tMFP:\t\tno\n"
        f"\tTDLS peer:\t{tdls}\n\tDTIM period:\t1\n\tbeacon interval:100\n\tshort slot time:yes\n"
        "\tconnected time:\t8 seconds\n\tassociated at [boottime]:\t20013.925s\n\tassociated at:\t1690312565425 ms\n"
        "\tcurrent time:\t1690312573478 ms\n"
    )


IW = {
    # iw 5.9 and 5.19 with an Intel adapter: a published dump of wlp0s20f3 with HE rates and two antennas.
    "Wi-Fi 6 on 5 GHz": Iw(
        info=info("\tchannel 36 (5180 MHz), width: 80 MHz, center1: 5210 MHz\n"),
        station_dump=station(
            signal="-62 [-62, -71]",
            down="648.5 MBit/s 80MHz HE-MCS 6 HE-NSS 2 HE-GI 0 HE-DCM 0",
            up="245.0 MBit/s 80MHz HE-MCS 3 HE-NSS 2 HE-GI 2 HE-DCM 0",
        ),
        says=Association(
            band_mhz=5000,
            channel_mhz=80,
            down_mbps=648,
            up_mbps=245,
            signal_dbm=-70,
            sent_frames=94,
            repeated_frames=31,
        ),
    ),
    # A Raspberry Pi's brcmfmac counts no retries; one antenna in brackets. 802.11n: "MCS 7 short GI".
    "Wi-Fi 4 on 2.4 GHz": Iw(
        info=info("\tchannel 6 (2437 MHz), width: 20 MHz, center1: 2437 MHz\n"),
        station_dump=station(signal="-46 [-46]", down="65.0 MBit/s MCS 7", up="72.2 MBit/s MCS 7 short GI", retries=""),
        says=Association(band_mhz=2400, channel_mhz=20, down_mbps=65, up_mbps=72, signal_dbm=-50, sent_frames=94),
    ),
    # 802.11ac over two blocks of 80 MHz, as print_channel and parse_bitrate write it; no signal per antenna.
    "Wi-Fi 5 with 80+80 MHz": Iw(
        info=info("\tchannel 106 (5530 MHz), width: 80+80 MHz, center1: 5530 MHz, center2: 5775 MHz\n"),
        station_dump=station(
            signal="-30",
            down="1733.3 MBit/s VHT-MCS 9 160MHz short GI VHT-NSS 2",
            up="866.7 MBit/s VHT-MCS 9 80MHz short GI VHT-NSS 2",
        ),
        says=Association(
            band_mhz=5000,
            channel_mhz=160,
            down_mbps=1733,
            up_mbps=867,
            signal_dbm=-30,
            sent_frames=94,
            repeated_frames=31,
        ),
    ),
    "Wi-Fi 6E": Iw(
        info=info("\tchannel 37 (6135 MHz), width: 160 MHz, center1: 6185 MHz\n"),
        station_dump=station(signal="-55", down="2041.6 MBit/s 160MHz HE-MCS 10 HE-NSS 2", up="1729.6 MBit/s 160MHz"),
        says=Association(
            band_mhz=6000,
            channel_mhz=160,
            down_mbps=2042,
            up_mbps=1730,
            signal_dbm=-60,
            sent_frames=94,
            repeated_frames=31,
        ),
    ),
    # 802.11g: "(no HT)" in info, rates without any more words. A rate that is not known yet is "(unknown)".
    "before Wi-Fi 4": Iw(
        info=info("\tchannel 11 (2462 MHz), width: 20 MHz (no HT), center1: 2462 MHz\n"),
        station_dump=station(signal="-87", down="54.0 MBit/s", up="(unknown)"),
        says=Association(
            band_mhz=2400, channel_mhz=20, down_mbps=54, signal_dbm=-90, sent_frames=94, repeated_frames=31
        ),
    ),
    # iw 6.17, one link in use of three that were set up: published with kernel 7.2. The signal of the whole is 0 dBm.
    # Channels stand further in, and one that was cut off might not be the only one: they are not read.
    "Wi-Fi 7 on 6 GHz": Iw(
        info=info(
            "\tMLD with links:\n"
            "\t - link ID  0 link addr 02:00:5e:30:00:01\n"
            "\t   channel 69 (6295 MHz), width: 320 MHz, center1: 6265 MHz\n\t   txpower 22.00 dBm\n"
            "\t - link ID  1 link addr 02:00:5e:30:00:02\n"
        ),
        station_dump=station(
            signal="0",
            down="2882.4 MBit/s 320MHz EHT-MCS 9 EHT-NSS 2 EHT-GI 0",
            up="1441.1 MBit/s 320MHz EHT-MCS 5 EHT-NSS 2 EHT-GI 0",
        )
        # Links each for themselves, with the kernel and the iw of 2025 that know them.
        + f"\tLink 0:\n\t\taddress:\t{BSSID}\n\t\tsignal:  \t-33 dBm\n\tsignal:  \t-33 dBm\n\ttx packets:\t7\n",
        says=Association(down_mbps=2882, up_mbps=1441, sent_frames=94, repeated_frames=31),
    ),
    # Two links in use, on two bands and of two widths; published on a mailing list with a kernel of 2024.
    "Wi-Fi 7 on two bands": Iw(
        info=info(
            "\tMLD with links:\n"
            "\t - link ID  0 link addr 02:00:5e:30:00:01\n"
            "\t   channel 6 (2437 MHz), width: 40 MHz, center1: 2447 MHz\n"
            "\t - link ID  2 link addr 02:00:5e:30:00:02\n"
            "\t   channel 37 (6135 MHz), width: 160 MHz, center1: 6185 MHz\n"
        ),
        station_dump=station(signal="-51", down="576.4 MBit/s 80MHz EHT-MCS 5 EHT-NSS 2 EHT-GI 0", up="6.0 MBit/s"),
        says=Association(down_mbps=576, up_mbps=6, signal_dbm=-60, sent_frames=94, repeated_frames=31),
    ),
    # A direct link to another pupil's machine stands beside the access point.
    "beside a direct link": Iw(
        info=info("\tchannel 149 (5745 MHz), width: 40 MHz, center1: 5755 MHz\n"),
        station_dump=station(signal="-20", down="300.0 MBit/s", up="270.0 MBit/s", tdls="yes")
        + station(signal="-71", down="243.0 MBit/s MCS 14 40MHz", up="121.5 MBit/s MCS 6 40MHz"),
        says=Association(
            band_mhz=5000,
            channel_mhz=40,
            down_mbps=243,
            up_mbps=122,
            signal_dbm=-80,
            sent_frames=94,
            repeated_frames=31,
        ),
    ),
}

NETSH = {
    # Windows 11 24H2: "AP BSSID", Band, and Rssi behind the signal; outputs published in bug reports of 2025 and 2026.
    "English, Windows 11": Netsh(
        name="Wi-Fi",
        encoding="utf-8",
        text=f"""
There is 1 interface on the system:

    Name                   : Wi-Fi
    Description            : Intel(R) Wi-Fi 6E AX211 160MHz
    GUID                   : 11111111-2222-3333-4444-555555555555
    Physical address       : {OWN}
    Interface type         : Primary
    State                  : connected
    SSID                   : {NAME}
    AP BSSID               : {BSSID}
    Band                   : 5 GHz
    Channel                : 132
    Connected Akm-cipher   : [ akm = 00-0f-ac:02, cipher = 00-0f-ac:04 ]
    Network type           : Infrastructure
    Radio type             : 802.11ax
    Authentication         : WPA2-Enterprise
    Cipher                 : CCMP
    Connection mode        : Auto Connect
    Receive rate (Mbps)    : 344
    Transmit rate (Mbps)   : 286.8
    Signal                 : 72%
    Rssi                   : -71
    Profile                : {NAME}
    QoS MSCS Configured         : 0
    QoS Map Configured          : 0
    QoS Map Allowed by Policy   : 0

    Hosted network status  : Not available
""",
        says=Association(band_mhz=5000, down_mbps=344, up_mbps=287, signal_dbm=-80),
    ),
    # Windows 10: "BSSID", no Band, Channel behind the mode, no Rssi; published many times since Windows 7.
    "English, Windows 10": Netsh(
        name="Wi-Fi 2",
        encoding="cp850",
        text=f"""
There are 2 interfaces on the system:

    Name                   : Wi-Fi
    Description            : Qualcomm Atheros AR9485WB-EG Wireless Network Adapter
    GUID                   : 11111111-2222-3333-4444-555555555555
    Physical address       : 02:00:5e:20:00:03
    State                  : disconnected
    Radio status           : Hardware On
                             Software On

    Hosted network status  : Not available

    Name                   : Wi-Fi 2
    Description            : Realtek 8822CE Wireless LAN 802.11ac PCI-E NIC
    GUID                   : 11111111-2222-3333-4444-666666666666
    Physical address       : {OWN}
    State                  : connected
    SSID                   : {NAME}
    BSSID                  : {BSSID}
    Network type           : Infrastructure
    Radio type             : 802.11ac
    Authentication         : WPA2-Personal
    Cipher                 : CCMP
    Connection mode        : Auto Connect
    Channel                : 149
    Receive rate (Mbps)    : 866.7
    Transmit rate (Mbps)   : 780
    Signal                 : 98%
    Profile                : {NAME}

    Hosted network status  : Not available
""",
        says=Association(band_mhz=5000, down_mbps=867, up_mbps=780),
    ),
    # Windows 11, German: "Bereich" is the band, commas in some rates; published in 2026 without its names.
    "German": Netsh(
        name="WLAN",
        encoding="cp850",
        text=f"""
Es ist 1 Schnittstelle auf dem System vorhanden:

    Name                   : WLAN
    Beschreibung            : Intel(R) Wi-Fi 6 AX101
    GUID                   : 11111111-2222-3333-4444-555555555555
    Physische Adresse       : {OWN}
    Benutzeroberflächentyp         : Primär
    Status                  : Verbunden
    SSID                   : {NAME}
    AP BSSID               : {BSSID}
    Bereich                   : 5 GHz
    Kanal                : 108
    Netzwerktyp            : Infrastruktur
    Funktyp                   : 802.11ac
    Authentifizierung   : WPA2-Personal
    Verschlüsselungsverfahren                 : CCMP
    Verbindungsmodus        : Automat. Verbindung
    Empfangsrate (MBit/s)  : 263,3
    Übertragungsrate (MBit/s) : 390
    Signal              : 81%
    RSSI                   : -61
    Profil                 : {NAME}
    QoS MSCS konfiguriert         : 0
    QoS-Zuordnung konfiguriert         : 0
    Durch Richtlinie zugelassene QoS-Zuordnung   :  0

    Status des gehosteten Netzwerks  : Nicht verfügbar
""",
        says=Association(band_mhz=5000, down_mbps=263, up_mbps=390, signal_dbm=-70),
    ),
    # Windows 11, Spanish: "Canal: 5" without a space before the colon, a cipher with colons in it; published 2026.
    "Spanish": Netsh(
        name="Wi-Fi",
        encoding="utf-8",
        text=f"""
Hay 1 interfaz en el sistema:

    Nombre                 : Wi-Fi
    Descripción            : Intel(R) Wi-Fi 6 AX200 160MHz
    GUID                   : 11111111-2222-3333-4444-555555555555
    Dirección física       : {OWN}
    Tipo de interfaz         : Principal
    Estado                  : conectado
    SSID                   : {NAME}
    AP BSSID               : {BSSID}
    Banda                 : 2,4 GHz
    Canal: 5
    cifrado Akm conectado: [ akm = 00-0f-ac:02, cifrado = 00-0f-ac:04 ]
    Tipo de red            : Infraestructura
    Tipo de radio          : 802.11n
    Autenticación          : WPA2-Personal
    Cifrado                : CCMP
    Modo de conexión       : Perfil
    Velocidad de recepción (Mbps)   : 144.4
    Velocidad de transmisión (Mbps) : 130
    Señal                           : 99%
    Rssi           : -45
    Perfil                 : {NAME}
    MSCS de QoS configurado: 0
    Asignación de QoS configurada: 0
    Asignación de QoS permitida por la directiva : 0

    Estado de la red hospedada: No disponible
""",
        says=Association(band_mhz=2400, down_mbps=144, up_mbps=130, signal_dbm=-50),
    ),
    # Windows 11, French: the BSSID has a name with brackets and stands further in; published in a test of 2024.
    "French": Netsh(
        name="Wi-Fi d’École",
        encoding="utf-8",
        text=f"""
Il existe 1 interface sur le système :

    Nom                   : Wi-Fi d’École
    Description            : Intel(R) Wi-Fi 6 AX201 160MHz
    GUID                   : 11111111-2222-3333-4444-555555555555
    Adresse physique       : {OWN}
    Type d’interface         : Primaire
    État                  : connecté
    SSID                  : {NAME}
       Point d'accès d’identificateur SSID (Service Set Identifier)                 : {BSSID}
    Bande                   : 6 GHz
    Canal                : 5
    Type de réseau           : Infrastructure
    Type de radio             : 802.11ax
    Authentification         : WPA3 - Personnel
    Chiffrement                 : CCMP
    Mode de connexion        : Connexion automatique
    Réception (Mbits/s)    : 1201
    Transmission (Mbits/s)   : 960,7
    Signal                 : 65%
    Profil                : {NAME}
    QoS MSCS configuré : 0
    Carte QoS configurée : 0
    Mappage QoS autorisé par la stratégie : 0

    État du réseau hébergé: Non disponible
""",
        says=Association(band_mhz=6000, down_mbps=1201, up_mbps=961),
    ),
    # Windows 10, Japanese, in the code page of its console; published in a program of 2025 that imitates netsh.
    "Japanese": Netsh(
        name="ワイヤレス ネットワーク接続",
        encoding="cp932",
        text=f"""
システムに 1 インターフェイスがあります:

    名前                   : ワイヤレス ネットワーク接続
    説明                   : Intel(R) Dual Band Wireless-AC 8265
    GUID                   : 11111111-2222-3333-4444-555555555555
    物理アドレス           : {OWN}
    状態                   : 接続されました
    SSID                   : {NAME}
    BSSID                  : {BSSID}
    ネットワークの種類     : インフラストラクチャ
    無線の種類             : 802.11n
    認証                   : WPA2-パーソナル
    暗号                   : CCMP
    接続モード             : プロファイル
    チャネル               : 1
    受信速度 (Mbps)        : 300
    送信速度 (Mbps)        : 200
    シグナル               : 100%
    プロファイル           : {NAME}

    ホストされたネットワークの状態: 未開始
""",
        says=Association(band_mhz=2400, down_mbps=300, up_mbps=200),
    ),
}

# Windows 11 24H2 without the consent to tell where the machine is; published in several bug reports of 2026.
NETSH_REFUSED = b"""\r
There is 1 interface on the system:\r
Network shell commands need location permission to access WLAN information. Turn on Location services on the Location \
page in Privacy & security settings.\r
\r
Here is the URI for the Location page in the Settings app:\r
ms-settings:privacy-location\r
\r
Function WlanQueryInterface returns error 5:\r
The requested operation requires elevation (Run as administrator).\r
"""
