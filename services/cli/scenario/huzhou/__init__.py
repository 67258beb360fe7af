"""Six Wednesdays in Huzhou from 8 June 2022: the numbers of the article, told by invented people and counted again."""
