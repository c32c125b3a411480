// Answers a client's frame whether the browser is still signed in as the client knows it (OpenID Connect Session
// Management, section 3.2). Written for old engines, and without the digest of the browser, which is missing in frames of
// pages that came without https.
"use strict";

(function () {
  function fraction(root) {
    return ((root - Math.floor(root)) * 4294967296) | 0;
  }

  // FIPS 180-4, sections 4.2.2 and 5.3.3: fractions of the roots of the first primes.
  var constants = [];
  var start = [];
  for (var candidate = 2; constants.length < 64; candidate++) {
    var isPrime = true;
    for (var divisor = 2; divisor * divisor <= candidate; divisor++) {
      isPrime = isPrime && candidate % divisor !== 0;
    }
    if (isPrime) {
      if (start.length < 8) {
        start.push(fraction(Math.sqrt(candidate)));
      }
      constants.push(fraction(Math.pow(candidate, 1 / 3)));
    }
  }

  function rotate(word, bits) {
    return (word >>> bits) | (word << (32 - bits));
  }

  // SHA-256 of ASCII text, in hexadecimal.
  function digest(text) {
    var length = text.length;
    var words = [];
    for (var at = 0; at < length; at++) {
      words[at >> 2] |= text.charCodeAt(at) << (24 - (at % 4) * 8);
    }
    words[length >> 2] |= 0x80 << (24 - (length % 4) * 8);
    words[(((length + 8) >> 6) + 1) * 16 - 1] = length * 8;
    var hash = start.slice();
    for (var block = 0; block < words.length; block += 16) {
      var w = [];
      var v = hash.slice();
      for (var i = 0; i < 64; i++) {
        if (i < 16) {
          w[i] = words[block + i] | 0;
        } else {
          var a = w[i - 15];
          var b = w[i - 2];
          var s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
          var s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
          w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
        }
        var e1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        var choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        var one = (v[7] + e1 + choice + constants[i] + w[i]) | 0;
        var e0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        var majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        v = [(one + e0 + majority) | 0, v[0], v[1], v[2], (v[3] + one) | 0, v[4], v[5], v[6]];
      }
      for (var j = 0; j < 8; j++) {
        hash[j] = (hash[j] + v[j]) | 0;
      }
    }
    var hex = "";
    for (var k = 0; k < 8; k++) {
      hex += ("0000000" + (hash[k] >>> 0).toString(16)).slice(-8);
    }
    return hex;
  }

  function browserStates() {
    var found = /(?:^|; )(?:__Secure-)?issuant-state=([^;]+)/.exec(document.cookie);
    return found ? found[1] : "";
  }

  function answer(message, origin) {
    var parts = typeof message === "string" ? message.split(" ") : [];
    var salt = parts.length === 2 ? parts[1].split(".")[1] : "";
    var state = browserStates();
    // A browser that keeps its cookies from frames can tell nothing, and a client that heard "changed" would ask for ever.
    if (!salt || !state) {
      return "error";
    }
    // One value for each account that is signed in; the client knows one of them.
    var states = state.split(".");
    for (var at = 0; at < states.length; at++) {
      if (digest(parts[0] + " " + origin + " " + states[at] + " " + salt) + "." + salt === parts[1]) {
        return "unchanged";
      }
    }
    return "changed";
  }

  window.addEventListener("message", function (event) {
    if (event.source && event.source !== window && event.origin !== "null") {
      event.source.postMessage(answer(event.data, event.origin), event.origin);
    }
  });
})();
