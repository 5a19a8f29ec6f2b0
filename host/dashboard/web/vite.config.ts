import { defineConfig } from "vite";

// The page is built beside the other caches and moved to its place by make when
// it is whole.
export default defineConfig({
  base: "/",
  build: {
    outDir: "../../../.cache/dashboard/dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the policy allows no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
