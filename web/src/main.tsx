import { render } from 'preact';
import { App } from './App';
import './styles/tokens.css';
import './styles/base.css';
import './ui/ui.css';

const page = document.getElementById('page');
if (page) render(<App />, page);
