/** The whole page. */
export function App() {
  return <h1>Stenopool</h1>;
}
