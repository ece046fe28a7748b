declare module '*.mp3' {
  const address: string;
  export default address;
}
