/* MAC addresses of VIFs. */
#ifndef API_VIF_MAC_H
#define API_VIF_MAC_H

#define MAC_TEXT_LEN 17

/* A new random, locally administered address. */
void mac_random(char out[static MAC_TEXT_LEN + 1]);

#endif
