"""What is alike: texts turned into vectors, and indexes that find the nearest.

`LexicalEmbedder` needs nothing, and knows letters, not meanings; `open_embedder` opens a model of your own besides.
`open_vector_index` opens an index by its address. NumPy, Milvus and models are loaded only when they are asked for.
"""

from medialib.similarity.exact import ExactVectorIndex
from medialib.similarity.lexical import LexicalEmbedder
from medialib.similarity.opening import open_embedder, open_vector_index

__all__ = ["ExactVectorIndex", "LexicalEmbedder", "open_embedder", "open_vector_index"]
