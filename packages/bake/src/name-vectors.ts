/** What Prosody's util.encodings does to names: string preparation, domain names, and what looks alike. */
export type Preparation =
  | "nodeprep"
  | "nameprep"
  | "resourceprep"
  | "saslprep"
  | "to_ascii"
  | "to_unicode"
  | "skeleton";

/** A text and what becomes of it; null where it is refused. */
export type NameVector = readonly [text: string, result: string | null];

/**
 * Texts whose results are the same on every series and with every version of ICU that they are built with. The results
 * are those of Debian's own Prosody (0.12.3, 13.0.1, 13.0.7) with the whole of ICU (72, 76, 78). Rules: RFC 3491, RFC 3920
 * appendices A and B, RFC 4013, UTS #46, UTS #39.
 */
export const nameVectors: Readonly<Record<Preparation, readonly NameVector[]>> = {
  nodeprep: [
    // Plain
    ["alice", "alice"],
    // Case is folded
    ["ALICE", "alice"],
    ["Straße", "strasse"],
    ["ΣΊΣΥΦΟΣ", "σίσυφοσ"],
    ["ПРИВЕТ", "привет"],
    ["İstanbul", "i\u0307stanbul"],
    ["ǅemal", "džemal"],
    // Compatibility forms become one
    ["ﬁne", "fine"],
    ["ｗｉｄｅ", "wide"],
    ["①②", "12"],
    ["Å", "å"],
    ["K", "k"],
    ["㎏", "kg"],
    // Composed
    ["e\u0301cole", "école"],
    ["A\u030angstro\u0308m", "ångström"],
    ["한글", "한글"],
    ["\u1112\u1161\u11ab", "한"],
    // Mapped to nothing
    ["soft\u00adhyphen", "softhyphen"],
    ["zero\u200bwidth", "zerowidth"],
    ["joiner\u2060here", "joinerhere"],
    ["var\ufe0fiant", "variant"],
    // Prohibited
    ["with space", null],
    ['quo"te', null],
    ["am&p", null],
    ["it's", null],
    ["sl/ash", null],
    ["co:lon", null],
    ["<b>", null],
    ["a@b", null],
    ["no\u00a0break", null],
    ["ctrl\u0007", null],
    ["private\ue000", null],
    ["tag\u{e0041}", null],
    ["line\u2028", null],
    // Right to left as a whole
    ["\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"],
    ["\u0645\u0631\u062d\u0628\u0627", "\u0645\u0631\u062d\u0628\u0627"],
    ["\u05e9\u05dc\u05d5\u05dda", null],
    ["1\u05e9\u05dc\u05d5\u05dd", null],
    ["\u05e91", null],
    ["a\u0627b", null],
    // Scripts
    ["日本語", "日本語"],
    ["ไทย", "ไทย"],
    ["தம\u0bbfழ\u0bcd", "தம\u0bbfழ\u0bcd"],
    ["ह\u093fन\u094dद\u0940", "ह\u093fन\u094dद\u0940"],
    ["ქართული", "ქართული"],
    ["Հայերեն", "հայերեն"],
    ["አማርኛ", "አማርኛ"],
    ["မ\u103cန\u103aမ\u102c", "မ\u103cန\u103aမ\u102c"],
    ["ខ\u17d2ម\u17c2រ", "ខ\u17d2ម\u17c2រ"],
    // Folds into a prohibited one
    ["a＠b", null],
    ["℀", null],
  ],
  nameprep: [
    // Case, width and composition
    ["EXAMPLE", "example"],
    ["Bücher", "bücher"],
    ["ﬃ", "ffi"],
    ["A\u030a", "å"],
    ["faß", "fass"],
    ["ÇA", "ça"],
    ["日本語", "日本語"],
    ["ｅｘ", "ex"],
    ["Ǆ", "dž"],
    // Mapped to nothing (RFC 3491 test vectors)
    ["foo\u00ad\u034f᠆\u180bbar\u200b\u2060baz\ufe00\ufe08\ufe0f\ufeff", "foobarbaz"],
    // Multiple folding
    ["ΐ", "ΐ"],
    ["ΰ", "ΰ"],
    ["ẖ", "ẖ"],
    ["ᾷ", "ᾶι"],
    ["\u0345ι", "ιι"],
    ["ǰ", "ǰ"],
    // Prohibited
    ["\u00a0", " "],
    ["\u3000x", " x"],
    ["\u2000 ", "  "],
    ["\u0340", "\u0300"],
    ["\u200e", null],
    ["\u202a", null],
    ["\ufff9", null],
    ["\u{f1234}", null],
    ["\u{e0001}", null],
    // Right to left
    ["foo\u05bebār", null],
    ["foo\ufd50bar", null],
    ["foo\ufe76bar", "foo \u064ebar"],
    ["\u06271", null],
    ["\u06271\u0628", "\u06271\u0628"],
  ],
  resourceprep: [
    // Case and spaces stay
    ["Home PC", "Home PC"],
    ["Téléphone", "Téléphone"],
    ["ＷＩＤＥ", "WIDE"],
    ["ﬁ", "fi"],
    ["e\u0301", "é"],
    ["Смартфон 📱", "Смартфон 📱"],
    // Prohibited
    ["bell\u0007", null],
    ["next\u0085line", null],
    ["tag\u{e007f}", null],
    ["surface�", null],
    // Right to left
    ["\u05d1\u05d9\u05ea 1", null],
    ["\u05d1\u05d9\u05ea", "\u05d1\u05d9\u05ea"],
    ["\u05d1\u05d9\u05ea a", null],
  ],
  saslprep: [
    // Examples of RFC 4013
    ["I\u00adX", "IX"],
    ["user", "user"],
    ["USER", "USER"],
    ["ª", "a"],
    ["Ⅸ", "IX"],
    ["\u0007", null],
    ["\u06271", null],
    // Spaces become one kind
    ["pass\u00a0word", "pass word"],
    ["pass\u3000word", "pass word"],
    ["a\u1680b", "a b"],
    // Composed
    ["pa\u0308ss", "päss"],
    ["пароль", "пароль"],
    ["パスワード", "パスワード"],
    ["한국어", "한국어"],
  ],
  to_ascii: [
    // Scripts
    ["bücher.example", "xn--bcher-kva.example"],
    ["münchen.de", "xn--mnchen-3ya.de"],
    ["日本語.jp", "xn--wgv71a119e.jp"],
    ["правительство.рф", "xn--80aealotwbjpid2k.xn--p1ai"],
    ["한국.kr", "xn--3e0b707e.kr"],
    ["ελλάδα.gr", "xn--hxakic4aa.gr"],
    [
      "\u0645\u0648\u0642\u0639.\u0648\u0632\u0627\u0631\u0629-\u0627\u0644\u0627\u062a\u0635\u0627\u0644\u0627\u062a.\u0645\u0635\u0631",
      "xn--4gbrim.xn----ymcbaaajlc6dj7bxne2c.xn--wgbh1c",
    ],
    ["\u05d7\u05e0\u05d5\u05da.org", "xn--9dbdkw.org"],
    ["भ\u093eरत.com", "xn--h2brj9c.com"],
    ["தம\u0bbfழ\u0bcd.இந\u0bcdத\u0bbfய\u0bbe", "xn--rlcus7b3d.xn--xkc2dl3a5ee0h"],
    ["ไทย.th", "xn--o3cw4h.th"],
    ["中国.中国", "xn--fiqs8s.xn--fiqs8s"],
    ["ქართული.ge", "xn--lododh2atk.ge"],
    ["հայ.am", "xn--y9a3aq.am"],
    ["አማርኛ.et", "xn--1xd0bwwra.et"],
    // Mapped first
    ["BÜCHER.Example", "xn--bcher-kva.example"],
    ["ｅｘａｍｐｌｅ.com", "example.com"],
    ["日本語。ＪＰ", "xn--wgv71a119e.jp"],
    ["e\u0301cole.fr", "xn--cole-9oa.fr"],
    ["Ⅷ.com", "viii.com"],
    ["☕.example", "xn--53h.example"],
    // Refused
    ["a b.com", null],
    ["under_score.com", null],
    ["-a.com", null],
    ["a..b", null],
    ["\u05d0a.com", "xn--a-zhc.com"],
    ["xn--ü.com", null],
    ["xn--a.com", null],
    ["\u200b.com", null],
    ["a\u0338.com≠<", null],
    ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com", null],
  ],
  to_unicode: [
    // Scripts
    ["xn--bcher-kva.example", "bücher.example"],
    ["xn--mnchen-3ya.de", "münchen.de"],
    ["xn--wgv71a119e.jp", "日本語.jp"],
    ["xn--80aealotwbjpid2k.xn--p1ai", "правительство.рф"],
    ["xn--3e0b707e.kr", "한국.kr"],
    ["xn--hxakic4aa.gr", "ελλάδα.gr"],
    ["xn--zckzah", "テスト"],
    ["xn--fiqs8s.xn--fiqs8s", "中国.中国"],
    ["xn--mgberp4a5d4ar", "\u0627\u0644\u0633\u0639\u0648\u062f\u064a\u0629"],
    ["xn--h2brj9c", "भ\u093eरत"],
    ["xn--xkc2al3hye2a", "இலங\u0bcdக\u0bc8"],
    ["xn--node.ge", "გე.ge"],
    // Plain and broken
    ["example.org", "example.org"],
    ["xn--a", null],
    ["xn--", null],
    ["xn--ls8h.la", "💩.la"],
    ["XN--BCHER-KVA.example", "bücher.example"],
  ],
  skeleton: [
    // Look alike
    ["paypal", "paypal"],
    ["раураl", "paypal"],
    ["ѕсоре", "scope"],
    ["l1I|", "llll"],
    ["0Oo", "OOo"],
    ["rn", "rn"],
    ["m", "rn"],
    ["ａｄｍｉｎ", "aｄｍiｎ"],
    ["αdmin", "adrnin"],
    ["𝐚𝐝𝐦𝐢𝐧", "adrnin"],
    ["аdmin", "adrnin"],
    ["аdmіn", "adrnin"],
    ["ΑΒΓ", "ABΓ"],
    ["ⲁ", "ⲁ"],
    ["日曰", "日曰"],
    ["\u314f", "\u1161"],
    ["e\u0301", "e\u0301"],
    ["é", "e\u0301"],
    ["ö", "o\u0308"],
    ["ӧ", "o\u0308"],
    ["℮", "e"],
    ["ſ", "f"],
    ["ß", "ß"],
    ["β", "ß"],
    ["ꓐ", "B"],
    ["Ꭺ", "A"],
    ["⁄", "/"],
    ["∕", "/"],
    ["२", "२"],
    ["১", "১"],
    ["\u0665", "o"],
    ["\u0647", "o"],
    ["\u06c1", "o"],
    ["vv", "vv"],
    ["w", "w"],
    ["ɯ", "w"],
  ],
};
