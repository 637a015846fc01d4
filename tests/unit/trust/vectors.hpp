// Made by minisign 0.11; see README.md. Everybody knows these keys.
#pragma once
#include <string_view>

namespace spawn::trust::vectors {

// minisign -G -W: a pair without a password.
inline constexpr std::string_view public_a =
    "untrusted comment: minisign public key 32462E9285CCC7ED\n"
    "RWTtx8yFki5GMn4vNeSKTL+ZB4wwcsdGo69pr4YJmZxhODn9idXkbpxY\n";
// Its secret half.
inline constexpr std::string_view secret_a =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA7cfMhZIuRjLob0ytMfQ4N5"
    "lyb0TUmR3VMw2A6dOyVoCzYpNiczPWWH4vNeSKTL+"
    "ZB4wwcsdGo69pr4YJmZxhODn9idXkbpxYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
// minisign -G with the password "pass word", where little memory could be had.
inline constexpr std::string_view public_b =
    "untrusted comment: minisign public key 3A62B5FC3A0345AE\n"
    "RWSuRQM6/LViOq7MOe6mtH3uLRTnZKDYHJW8CfuWySNFRCTyBIicH1/X\n";
// Its secret half.
inline constexpr std::string_view secret_b =
    "untrusted comment: minisign encrypted secret key\n"
    "RWRTY0IyapkF0kxQnH3QvPkGwkuQhKyI0MfUAsV6oo4mR5cTnlMAABAAAAAAAAAAAAIAAAAAS3hLFOh6oesxR1+"
    "WLeafmu/yF4gt1KkJtwFBGRpepV28EXZWQRIfp3QHjca/"
    "fh2as3wrEcSSzbwY5jSHIv7wrTR+cJwbTlRzX8J4wejdFT5ltjnZdYD3WftNDZ+FpQRIg6EaY77YXPM=\n";
// What is signed.
inline constexpr std::string_view hello = "hello plugin\n";
inline constexpr std::string_view other = "other plugin\n";
// minisign -S of hello.
inline constexpr std::string_view hello_by_a =
    "untrusted comment: signature from minisign secret key\n"
    "RUTtx8yFki5GMoQIiD5VpsSeOAOFHAWW7suy80TBDe/"
    "BG8aQFWEBCzk2Woo9QKmrDbtkWIqWJiiG2TgnZCEgpRCDVZgn+UMpAAo=\n"
    "trusted comment: timestamp:1795445159\tfile:f\thashed\n"
    "tJzfUmx2Cda47HMbRipKYMC2g3QWfam+gY9F4FqtWrgiD2SohNJ/TuE6Ekj8esxparCLuME5EVXBxFQqGK0hDA==\n";
// minisign -S -l -c "un comment" -t "a trusted word" of hello.
inline constexpr std::string_view hello_by_a_legacy =
    "untrusted comment: un comment\n"
    "RWTtx8yFki5GMrIJbINX5Ty4U2316/XsQowXfSOmMhHSXu4BOXvPKr4l9cZzV4T9twKv2nvs0Fvo4Wtzt/MW/"
    "R0Wzw9lwuvqlgo=\n"
    "trusted comment: a trusted word\n"
    "pDqXFRKm8IYcNOaPNb2YKkUBtfmRC3YijeulIx2XNlJw9Qe1RgtGa+Zb0o2bzl/7bdUOmx91dRJ55+riPoGTBw==\n";
// minisign -S -t second of other.
inline constexpr std::string_view other_by_a =
    "untrusted comment: signature from minisign secret key\n"
    "RUTtx8yFki5GMjAdEqm0aKMhqYzWuLJ+dS/"
    "3FTuCRn8YlQY3Dav7HBRBROekDN5r0auHWXs5MlYXrzq+iPS3dz7Bhu0SklSuIwY=\n"
    "trusted comment: second\n"
    "OoeO3r3+T/6Wxz6d6jTU37C+qocRiuR0Gaz/Z8bRAuvzxaRApDxOjP+8X1Syz13HotwoV0DkrULsyWVQACS3DQ==\n";
// minisign -S -t "by b" of hello.
inline constexpr std::string_view hello_by_b =
    "untrusted comment: signature from minisign secret key\n"
    "RUSuRQM6/LViOnw5/gxh5bwnEFpWukz3Ss6sUuizUQtzLi7w9zY56PaC9bk+qFRPbZEjtUg8QQRkw0/"
    "GHmNpTokc3bxasCFHPAM=\n"
    "trusted comment: by b\n"
    "G1yN7K2hZebuWyTvZcKadE3z13OfI4Ir2oSdEXnWEcT41D+KNxMjO/6Al1HMJCzJJTyai+OqSYxTeEH7L/hADA==\n";

}  // namespace spawn::trust::vectors
