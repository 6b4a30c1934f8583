/*
 * What may be the name of an nftables table. Pure function.
 */
#ifndef DP_NFT_TABLE_H
#define DP_NFT_TABLE_H

/*
 * NULL when dp_settings_wrong() has nothing against the name and nft reads it
 * as one, else a sentence that says what is wrong (static storage). The words
 * of nft's language are no names to it, though the kernel would take them; a
 * policy is not checked for them, for they become more with each release.
 */
const char *dp_nft_table_wrong(const char *name);

#endif
