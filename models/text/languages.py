"""Languages by code: FLORES-200 (language and script, swh_Latn) to BCP 47 (sw), and their names from CLDR (Babel)."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from typing import Any

import babel
from babel.core import get_global
from zhon import cedict

_CODES = """
ace_Arab ace_Latn acm_Arab acq_Arab aeb_Arab afr_Latn ajp_Arab aka_Latn als_Latn amh_Ethi apc_Arab arb_Arab arb_Latn
ars_Arab ary_Arab arz_Arab asm_Beng ast_Latn awa_Deva ayr_Latn azb_Arab azj_Latn bak_Cyrl bam_Latn ban_Latn bel_Cyrl
bem_Latn ben_Beng bho_Deva bjn_Arab bjn_Latn bod_Tibt bos_Latn bug_Latn bul_Cyrl cat_Latn ceb_Latn ces_Latn cjk_Latn
ckb_Arab crh_Latn cym_Latn dan_Latn deu_Latn dik_Latn dyu_Latn dzo_Tibt ell_Grek eng_Latn epo_Latn est_Latn eus_Latn
ewe_Latn fao_Latn fij_Latn fin_Latn fon_Latn fra_Latn fur_Latn fuv_Latn gaz_Latn gla_Latn gle_Latn glg_Latn grn_Latn
guj_Gujr hat_Latn hau_Latn heb_Hebr hin_Deva hne_Deva hrv_Latn hun_Latn hye_Armn ibo_Latn ilo_Latn ind_Latn isl_Latn
ita_Latn jav_Latn jpn_Jpan kab_Latn kac_Latn kam_Latn kan_Knda kas_Arab kas_Deva kat_Geor kaz_Cyrl kbp_Latn kea_Latn
khk_Cyrl khm_Khmr kik_Latn kin_Latn kir_Cyrl kmb_Latn kmr_Latn knc_Arab knc_Latn kon_Latn kor_Hang lao_Laoo lij_Latn
lim_Latn lin_Latn lit_Latn lmo_Latn ltg_Latn ltz_Latn lua_Latn lug_Latn luo_Latn lus_Latn lvs_Latn mag_Deva mai_Deva
mal_Mlym mar_Deva min_Arab min_Latn mkd_Cyrl mlt_Latn mni_Beng mos_Latn mri_Latn mya_Mymr nld_Latn nno_Latn nob_Latn
npi_Deva nqo_Nkoo nso_Latn nus_Latn nya_Latn oci_Latn ory_Orya pag_Latn pan_Guru pap_Latn pbt_Arab pes_Arab plt_Latn
pol_Latn por_Latn prs_Arab quy_Latn ron_Latn run_Latn rus_Cyrl sag_Latn san_Deva sat_Olck scn_Latn shn_Mymr sin_Sinh
slk_Latn slv_Latn smo_Latn sna_Latn snd_Arab som_Latn sot_Latn spa_Latn srd_Latn srp_Cyrl ssw_Latn sun_Latn swe_Latn
swh_Latn szl_Latn tam_Taml taq_Latn taq_Tfng tat_Cyrl tel_Telu tgk_Cyrl tgl_Latn tha_Thai tir_Ethi tpi_Latn tsn_Latn
tso_Latn tuk_Latn tum_Latn tur_Latn twi_Latn tzm_Tfng uig_Arab ukr_Cyrl umb_Latn urd_Arab uzn_Latn vec_Latn vie_Latn
war_Latn wol_Latn xho_Latn ydd_Hebr yor_Latn yue_Hant zho_Hans zho_Hant zsm_Latn zul_Latn
"""
FLORES: tuple[str, ...] = tuple(_CODES.split())
"""Language and script of every text collection that FLORES-200 and SIB-200 have (ISO 639-3, ISO 15924)."""
RIGHT_TO_LEFT = frozenset({"Arab", "Hebr", "Nkoo", "Syrc", "Thaa", "Adlm", "Mand", "Rohg", "Samr"})
UNNAMED = {
    "acm": "Mesopotamian Arabic",
    "acq": "Ta'izzi-Adeni Arabic",
    "ajp": "South Levantine Arabic",
    "apc": "North Levantine Arabic",
    "azb": "South Azerbaijani",
    "cjk": "Chokwe",
    "fuv": "Nigerian Fulfulde",
    "hne": "Chhattisgarhi",
    "kbp": "Kabiyè",
    "pbt": "Southern Pashto",
    "quy": "Ayacucho Quechua",
    "taq": "Tamasheq",
    "nij": "Ngaju",
}
"""English names of the languages that CLDR 48 does not name."""
CHINESE = {
    "acm": "美索不达米亚阿拉伯语", "acq": "塔伊兹-亚丁阿拉伯语", "aeb": "突尼斯阿拉伯语", "ajp": "南黎凡特阿拉伯语",
    "apc": "北黎凡特阿拉伯语", "arq": "阿尔及利亚阿拉伯语", "ary": "摩洛哥阿拉伯语", "arz": "埃及阿拉伯语",
    "azb": "南阿塞拜疆语", "bbc": "多巴巴塔克语", "bjn": "班查尔语", "cjk": "乔奎语", "fuv": "尼日利亚富拉语",
    "hne": "恰蒂斯加尔语", "kbp": "卡比耶语", "ltg": "拉特加莱语", "nij": "恩加朱语", "pbt": "南普什图语",
    "quy": "阿亚库乔克丘亚语", "taq": "塔马舍克语",
}  # fmt: skip
"""Chinese names of the languages that CLDR 48 names in English only, or not at all."""
MACRO = {
    "ar": "arb acm acq aeb ajp apc arq ars ary arz",
    "zh": "zho yue",
    "ak": "aka twi tw",
    "no": "nob nno nb nn",
}
"""Macrolanguages of ISO 639-3 (SIL) and what stands for them here: one who reads one of these reads the others best."""
NAMED_SCRIPTS = {
    "arabic": "Arab", "armenian": "Armn", "bengali": "Beng", "cyrillic": "Cyrl", "devanagari": "Deva",
    "ethiopic": "Ethi", "georgian": "Geor", "greek": "Grek", "gujarati": "Gujr", "gurmukhi": "Guru", "hangul": "Kore",
    "hebrew": "Hebr", "hiragana": "Jpan", "kannada": "Knda", "katakana": "Jpan", "khmer": "Khmr", "lao": "Laoo",
    "latin": "Latn", "malayalam": "Mlym", "myanmar": "Mymr", "nko": "Nkoo", "ol": "Olck", "oriya": "Orya",
    "sinhala": "Sinh", "tamil": "Taml", "telugu": "Telu", "thai": "Thai", "tibetan": "Tibt", "tifinagh": "Tfng",
}  # fmt: skip
"""First word of the Unicode names of a script's letters -> its ISO 15924 code."""
HAN = frozenset({"Hans", "Hant", "Jpan", "Kore"})

CODES = 4096
"""Codes whose answers are kept: a file may name as many as it has rows."""
OWN = {"twi": "tw", "ajp": "ajp"}
"""Codes that CLDR's aliases would throw together with another of FLORES's (Akan, North Levantine)."""


@lru_cache(CODES)
def bcp47(code: str) -> str:
    """The BCP 47 code of a FLORES code: the shortest language code, and the script where it is not the usual one.

    swh_Latn -> sw, zho_Hant -> zh-Hant, prs_Arab -> fa-AF. Other codes come back with hyphens.
    """
    language, _, script = code.partition("_")
    if code not in _KNOWN:
        return code.replace("_", "-")
    short = _short(language)
    if "_" in short or script == usual_script(short) or usual_script(short) == "":
        return short.replace("_", "-")
    return f"{short}-{script}"


@lru_cache(CODES)
def name(code: str, locale: str = "en") -> str:
    """The name of a language by its FLORES or BCP 47 code; the script in brackets where FLORES has it in several.

    locale: Babel's (zh_Hans_CN). The English name where CLDR has none in that language, the code where there is none.
    """
    language, _, script = code.replace("-", "_").partition("_")
    short = _short(language)
    found = _named(language, short, locale)
    if code in _KNOWN and sum(other.startswith(f"{language}_") for other in FLORES) > 1:
        return f"{found} ({_scripts(locale).get(script, script)})"
    return found


PLAIN = {"pt": "pt_PT", "zh": "zh_Hans"}
"""What a plain code stands for beside other varieties of its language (XED's Portuguese is Portugal's)."""
SCRIPT_OF = {"zh_TW": "zh_Hant", "zh_HK": "zh_Hant"}


def variety(code: str, locale: str = "en") -> str:
    """The name of a variety of a language: Traditional Chinese, Brazilian Portuguese, Portuguese (Mozambique)."""
    key = PLAIN.get(code, code).replace("-", "_")
    known = babel.Locale.parse(locale)
    found = known.languages.get(SCRIPT_OF.get(key, key))
    if found:
        return found
    short, _separator, territory = key.partition("_")
    place = known.territories.get(territory)
    return f"{name(short, locale)} ({place})" if place else name(code, locale)


def _short(language: str) -> str:
    return OWN.get(language) or get_global("language_aliases").get(language, language)


def _named(language: str, short: str, locale: str) -> str:
    if locale.startswith("zh") and language in CHINESE:
        return CHINESE[language]
    if language in UNNAMED:
        return UNNAMED[language]
    for where in (locale, "en"):
        known = babel.Locale.parse(where).languages
        for key in (language, short, short.partition("_")[0]):
            if key in known:
                return known[key]
    return language


@cache
def _scripts(locale: str) -> dict[str, str]:
    return dict(babel.Locale.parse(locale).scripts)


def usual_script(language: str) -> str:
    """The script a language is usually written in (CLDR likely subtags); "" where CLDR does not say."""
    likely = get_global("likely_subtags").get(language, "").split("_")
    return next((part for part in likely if len(part) == 4 and part.isalpha()), "")


@lru_cache(CODES)
def macro(code: str) -> str:
    """The macrolanguage of a language by its FLORES or BCP 47 code, or its own short code."""
    language = code.replace("-", "_").partition("_")[0]
    return _MACRO_OF.get(language, _short(language).partition("_")[0])


@lru_cache(CODES)
def instead(code: str) -> tuple[str, ...]:
    """The codes under which a model may know a language, the nearest first: its own, its script's, its macrolanguage's.

    yue_Hant -> yue_Hant, yue, zh-Hant, zh-TW, zh; acm_Arab -> acm_Arab, acm, ar.
    """
    plain = bcp47(code)
    traditional = ("zh-Hant", "zh-TW") if macro(code) == "zh" and (code.endswith("Hant") or plain == "yue") else ()
    varieties = tuple(map(_short, MACRO.get(macro(code), "").split()))
    return tuple(dict.fromkeys((code, plain, *traditional, plain.split("-")[0], macro(code), *varieties)))


def not_offered(network: Mapping[str, Any], code: str | None) -> tuple[str, ...]:
    """Labels that a model never gives in a language, since none of its training rows had them there.

    network: as the model's card describes it (config.network): labels, languages, and allowed, labels by language.
    """
    known = {bcp47(name): name for name in reversed(network.get("languages", ()))}
    known |= {name: name for name in network.get("languages", ())}
    found = next((known[name] for name in instead(code) if name in known), None) if code else None
    allowed = network.get("allowed", {}).get(found)
    return () if allowed is None else tuple(label for label in network["labels"] if label not in allowed)


def settled(shares: Mapping[str, float], codes: Collection[str], least: float = 0.5) -> str | None:
    """The language that other models are told, from each language's probability; None where none is likely enough.

    The varieties of a macrolanguage count together. Where the likeliest is not among the known codes, a known one that
    may well be meant (a quarter) stands for it.
    """
    together: Counter[str] = Counter()
    for code, share in shares.items():
        together[macro(code)] += share
    best, total = together.most_common(1)[0]
    if total < least:
        return None
    order = sorted(shares, key=shares.__getitem__, reverse=True)
    found = next(code for code in order if macro(code) == best)
    if not set(instead(found)) & set(codes):
        found = next((code for code in order if shares[code] >= 0.25 and set(instead(code)) & set(codes)), found)
    return found


@cache
def scripts(character: str) -> frozenset[str]:
    """The scripts (ISO 15924) that a letter may be of; empty for what is no letter and for scripts without a language
    here."""
    name = unicodedata.name(character, "").split()
    if not character.isalpha() or not name:
        return frozenset()
    if name[0].startswith("CJK"):
        return HAN
    found = NAMED_SCRIPTS.get(name[0].lower().split("-")[0])
    return frozenset({found}) if found else frozenset()


@lru_cache(CODES)
def script(code: str) -> str:
    """The script of a language by its FLORES or BCP 47 code (ISO 15924); "" where CLDR does not say."""
    parts = code.replace("-", "_").split("_")
    named = next((part for part in parts[1:] if len(part) == 4), None)
    found = named or usual_script(_short(parts[0]))
    return "Kore" if found == "Hang" else found


def is_rtl(code: str) -> bool:
    """Whether a language, by its FLORES or BCP 47 code, is written from right to left."""
    return script(code) in RIGHT_TO_LEFT


def chinese_script(text: str) -> str:
    """Whether a text's Chinese characters are simplified (Hans) or traditional (Hant); "" where they do not say.

    The more of those that CC-CEDICT knows in one of the two only.
    """
    more = sum(c in _SIMPLIFIED for c in text) - sum(c in _TRADITIONAL for c in text)
    return "Hans" if more > 0 else "Hant" if more < 0 else ""


_KNOWN = frozenset(FLORES)
_MACRO_OF = {language: macro for macro, languages in MACRO.items() for language in languages.split()}
_SIMPLIFIED = frozenset(cedict.simplified) - frozenset(cedict.traditional)
_TRADITIONAL = frozenset(cedict.traditional) - frozenset(cedict.simplified)
