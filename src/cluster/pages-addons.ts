/**
 * The addons that give back the program's pages, by architecture, in base64 of brotli. Written by
 * scripts/programs/build.ts from scripts/programs/pages.c.
 */
export const PAGES_ADDONS: Readonly<Record<'amd64' | 'arm64', string>> = {
  amd64:
    'G38TAC4G7Mbp0HDOTCaLC5KpZVEUkfObjgdird/bPUXvcLH01ZCFgaQeCYnMEE0S3kiifjwQ9/P9/1cFEiClkZjUIHW+m8BEJ7QbycSHTbi4AU7ghTiEzuvn' +
    'z7X1w4+fFo3bgSdwWhcfJXIVnh5Ilt2qpOb/v1f5raxBXylbMCBjzePLQmNsvEkrsKYvK7ZWwoLFesoFrIgXUKsSXst1Ygdn4OOXcOuM+TPDIAAQMxAAYDJg' +
    'WykAJmuJG8nJCpDgw30xukT2sQBJ/CwQYOlU0OkdcLSrihB+BCx9iZY8qxYniSTLvdQsGu8nTAdEEviZhkggQBK2KUECcK+bsCDEiN7IWqRpPcMBhpfyMWPR' +
    'VEIvBgwDqC1YW5FXVhLlFRXmETWoopU/vjyy2WIb38yN5qJhHsdBPF8e70ztTQ9JHCz+SnQGUggAkK7HhfCzHDGO1hzxNwGQmymTkyuTqU4m/qpVlMOrh27O' +
    'BBzigNwRvtrjkFzETxxDJyuWOdshoxlD1knFaPb+P7N3vrXViuXweDCfFLgeG8/02ORXWuMlIwRMFeIgwqjy5XE3l9s9qjasGh4dk/e8Ok4we+d44fkSOBiR' +
    'xoPlYNx5sI81HKndrYMtjGgwf+mZQfPD6uJ2F880r286VSk9XUO+8sqmE4UWV3gvXNuQes7O1H69abyZ8MY3Sfr+k2rTy+QjnqCPz96kW/twOoZM/DL9Rjj/' +
    'u/9y+PfSs3vTJd++aoem2qvfYq8zOg2YvT8C88F8MB40ejTbNBhRvDzTHoJyPFVcVxvd1fh3igAAAPBwmtx/8r/9cnUEVgdAApANgSRgWwDUB5QBGgBaA2KA' +
    'l50IEALyAc0BKUArwOaQZfhnReD7ONNI0jKS9IyeM/CU3BCtjwoKNY75jV/5qEFj16rdsKVGNzWwrfG1hIoDi9nIdwwyV/MUTjGUNPbJvJMmfn9DSEnjWIia' +
    'Hn/usDTA93+ujgKsDuiS7lgI0+CQLdAAIWBbAJJjvl8MAdKA1oAOiCHkkAOwDNENuF0PxDGVE9ubQ7m1EPUZhqm+5xlOxMMwOlwMYBbAQXRje3CEY5gUjIN/' +
    'hGEhXBtnYGugm4Y/YZBzRsPgk2YhiZhzNLQg+QjGAM3e2mIELMOSlxk6ehs49O72u+VhOpeANRwA',
  arm64:
    'Ww8EAeIozQx/MA5KCZwsHvife73vJQVOR4T5Q2IhE2F6qqcIjQPJqnKA/vP7q/OwMJLQ5LRuM7PkW7fd0JzkUIUmNCJu4r+/v5zB3Xqs4ZA4iCf+cznizyMc' +
    'wqztxpqWoAiKraaybI3qjq+SrVBjxVfIGu+rbVXn6BY5OAhh2UQx9vQCfwnvpudl8BAAJJ4jACAHUCAAyDFDtRzNmgRUaZv/JDNNyL3V+KYB6DLWhMA5lGG0' +
    'gQWg9vnWPasKiXsSid0HSN3rsSRjrTsDbMCkcqqbWWD+bAMgogoB1XAPGVQBPgT02wA1ohMykwwJMQlMNjzOLHRSbU4KzAA4Y2ip1VVXKl15mY7fNp+NkJyy' +
    'io5ylpWIPh1rbQEHX306uprKcOQlHOT/TiCCmBIAUBtCI5qhCdoDTR/8rW9z+Rt8s9Myv20fEktf3v/KZ0DyvuvMgsKO52ERZ3Xhxqg/bo6m4NZUWea/b3W5' +
    'ZO6dGdHuf6F8FKGUovqy8P/r/P0HB/8fBlAS8WVgIhOC/5/1mmNJzJR2fm/w66PyXlh5JzqvXIdMQzP5952PXvG/b39pS+y9uuucf/uY+j6tUeGXAMk9zKI8' +
    'Hb9ywa2IvQ+hdvFTgf7/rEv+n+C7zzsPNr2miMudhwtc8ceqr+sTrNMI9bp31o8q491NKPfft7E8/QAPj3P153KUgqJ8y6q8t/GfUfid2JWbR2zszmaa5E6u' +
    'orlJfdj4d2vjAYDQW8z2RMQ3jSgGvCGiUkAGCDfykV7zZr0t+2MAeuCJRnQAFet14+ZtZkuGTNeZf/zwtlnFog+Yg11ElABUrAeMyzax6ua6WftP/m+NmqFg' +
    'QBVgGQeqAS8YUA84CqAB0AOQADooACJgH4AugBpAd8ADLhn8TWMWyBLzknEXa9pVmzKUYdzRpo4dH9DCuEM9Te09jXzV1r8rAbWwlgaFLQYwuzzNKwxQx7jD' +
    'Nbo1E2jrairakP34JwHqGHe0WfXW8fNWX7IBf4iaI6BgTPEQEKEWbNMVDYhUcEJcYLsEAbWUaPdFIk5qOVV8FAAC2G4oUiygig1O3VpEI1PYzygEVL/iUftA' +
    'l40afwnqnNPcTAPQpTAVJm1ekrBZB0YF+OdigWipBuhsB7ASVLtTR20DXe0TbgbVSCzdgA9CYVQikKn3gKDkM9kw8JZOccqog4AO6NBjRv/wjwUABgjgFAUB',
};
