/** Texts that a careless report would take for markup or for orders to a terminal. */
export const corpus: readonly string[] = [
  "<script>alert(1)</script>",
  "</pre><img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  "` onfocus=alert(1) autofocus `",
  "</title><iframe srcdoc='<script>alert(1)</script>'>",
  "</style><script>alert(1)</script>",
  "<!--><script>alert(1)</script>-->",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "&#60;script&#62;",
  "\u001b[2J\u001b]0;owned\u0007",
  "\ud800<b>half",
  "{{constructor.constructor('alert(1)')()}}",
  "javascript:alert(1)",
];
